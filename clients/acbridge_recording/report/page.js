
"use strict";
// One cursor through all charts; the numbers are read back from the lines that are drawn.
const all = (query, within = document) => [...within.querySelectorAll(query)];
const range = document.querySelector("footer input");
const said = document.querySelector("footer output");
const count = Number(range.max);
const pairs = line => line.getAttribute("points").split(" ").map(pair => pair.split(",").map(Number));
const charts = all(".panel[data-low]").map(panel => ({
  low: Number(panel.dataset.low), high: Number(panel.dataset.high), decimals: Number(panel.dataset.decimals),
  cursor: panel.querySelector(".cursor"),
  lines: all("output", panel).map(output => ({
    output, heights: pairs(panel.querySelector(`polyline.${output.className}`)).map(([, y]) => y),
  })),
}));
const spots = all(".map, .gg").flatMap(panel => all(".dot", panel).map(dot => {
  const line = panel.querySelector(`[data-lap=${dot.classList[1]}]`);
  const dots = line.getAttribute("d")?.split("h0").slice(0, -1).map(text => text.slice(1).split(",").map(Number));
  return {dot, places: dots ?? pairs(line)};
}));
const signed = (value, decimals) => `${value > 0 ? "+" : value < 0 ? "−" : ""}${Math.abs(value).toFixed(decimals)}`;

function show(number) {
  const place = Math.min(Math.max(Math.round(number), 0), count);
  document.body.classList.add("shown");
  range.value = place;
  for (const {low, high, decimals, cursor, lines} of charts) {
    cursor.style.left = `${100 * place / count}%`;
    for (const {output, heights} of lines) {
      const value = high - heights[place] * (high - low) / 1000;
      output.textContent = output.className === "d" ? signed(value, decimals) : value.toFixed(decimals);
    }
  }
  for (const {dot, places} of spots) {
    dot.setAttribute("cx", places[place][0]);
    dot.setAttribute("cy", places[place][1]);
  }
  const metres = Math.round(range.dataset.length * place / count);
  said.textContent = `${metres} m   ${charts[1].lines[0].output.textContent} s`;
}

range.addEventListener("input", () => show(Number(range.value)));
for (const plot of all(".plot")) {
  const follow = event => {
    const box = plot.getBoundingClientRect();
    show(count * (event.clientX - box.left) / box.width);
  };
  plot.addEventListener("pointermove", follow);
  plot.addEventListener("pointerdown", follow);
}
const map = document.querySelector(".map svg");
const road = spots.find(({dot}) => dot.ownerSVGElement === map && dot.classList.contains("a")).places;
const near = event => {
  const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(map.getScreenCTM().inverse());
  let best = 0;
  let least = Infinity;
  road.forEach(([x, y], number) => {
    const far = (x - at.x) ** 2 + (y - at.y) ** 2;
    if (far < least) [best, least] = [number, far];
  });
  show(best);
};
map.addEventListener("pointermove", near);
map.addEventListener("pointerdown", near);
