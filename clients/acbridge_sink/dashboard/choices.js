// What its user chooses of the page, kept by the browser: metric or imperial units, and all panels or only the dash.

const PHONE = "(max-width: 639px), (max-height: 499px)";
const CHOICES = {
  units: { values: ["metric", "imperial"], first: () => "metric", said: { metric: "mph, °F", imperial: "km/h, °C" } },
  view: {
    values: ["all", "dash"],
    first: () => (matchMedia(PHONE).matches ? "dash" : "all"), // a driver cannot scroll
    said: { all: "Only the dash", dash: "All panels" },
  },
};

export class Choices {
  #chosen = {};

  // Calls `changed` with a name and a value, now and when another value is chosen.
  constructor(root, changed) {
    for (const [name, { values, first, said }] of Object.entries(CHOICES)) {
      const button = root.getElementById(name);
      const choose = (value) => {
        this.#chosen[name] = value;
        button.textContent = said[value];
        changed(name, value);
      };
      const kept = remembered(name);
      choose(values.includes(kept) ? kept : first());
      button.addEventListener("click", () => {
        choose(values[1 - values.indexOf(this.#chosen[name])]);
        remember(name, this.#chosen[name]);
      });
    }
  }
}

// A browser may forbid to keep anything.
function remembered(name) {
  try {
    return localStorage.getItem(`acbridge.${name}`);
  } catch {
    return null;
  }
}

function remember(name, value) {
  try {
    localStorage.setItem(`acbridge.${name}`, value);
  } catch {
    // chosen again after a reload
  }
}
