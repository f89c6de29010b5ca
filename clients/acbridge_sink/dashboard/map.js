// The track map: the driven path, x to the right and z down, coloured by speed.

import { colour, Sheet } from "./sheet.js";
import { isNumber, number } from "./text.js";
import { Trail } from "./trail.js";
import { convert } from "./units.js";

const SHADES = 24;
const STOPS = ["slow", "mid", "fast"];
const TRACKS = 8; // remembered
const REDRAW = 250; // points after which the path is drawn anew, without its oldest part
const LEAST_M = 60;
const LEAST_KMH = 100;

const KEY = "acbridge.map";

export class TrackMap {
  #units = "metric";
  #name = null;
  #trails = new Map();
  #trail = null;
  #ink = document.createElement("canvas"); // the path, without the car
  #inked = null; // the view for which the path is drawn, and up to which point
  #speed = null;
  #car = null;
  #fastest = LEAST_KMH;
  #sheet;
  #shades;
  #labels;

  constructor(canvas, labels, changed) {
    this.#labels = labels;
    this.#shades = Array.from({ length: SHADES }, (_, i) => shade(i / (SHADES - 1)));
    this.#sheet = new Sheet(canvas, () => {
      this.#inked = null;
      changed();
    });
    addEventListener("pagehide", () => this.#keep());
  }

  // Name the speeds in other units.
  choose(units) {
    this.#units = units;
    this.#sheet.dirty = true;
  }

  take(topic, frame) {
    if (topic === "static") this.#choose(`${frame.track}/${frame.trackConfiguration}`, frame.trackSPlineLength);
    else if (topic === "physics") this.#speed = frame.speedKmh;
    else if (topic === "graphics" && this.#trail !== null) {
      const [x, , z] = frame.carCoordinates;
      if (!isNumber(x) || !isNumber(z) || !isNumber(this.#speed)) return;
      if (this.#car !== null && this.#car.x === x && this.#car.z === z) return;
      this.#car = { x, z };
      this.#trail.take(x, z, this.#speed);
      if (this.#speed > this.#fastest) {
        this.#fastest = Math.ceil(this.#speed / 20) * 20;
        this.#inked = null;
      }
      this.#sheet.dirty = true;
    }
  }

  draw() {
    if (!this.#sheet.dirty) return;
    const context = this.#sheet.clear();
    if (this.#trail?.bounds == null || this.#sheet.width === 0 || this.#car === null) return;
    this.#labels.slow.textContent = "0";
    this.#labels.fast.textContent = number(convert(this.#units, "speed", this.#fastest));
    const view = this.#view(this.#trail.bounds);
    this.#drawInk(view);
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.drawImage(this.#ink, 0, 0);
    context.setTransform(this.#sheet.scale, 0, 0, this.#sheet.scale, 0, 0);
    const { rem } = this.#sheet;
    context.beginPath();
    context.arc(view.x(this.#car.x), view.y(this.#car.z), 0.5 * rem, 0, 2 * Math.PI);
    context.fillStyle = colour("ink");
    context.strokeStyle = colour("panel");
    context.lineWidth = 0.22 * rem;
    context.stroke();
    context.fill();
  }

  #choose(track, lapM) {
    const known = this.#trails.get(track) ?? kept(track, lapM) ?? new Trail(lapM);
    this.#name = track;
    if (known === this.#trail) return;
    this.#trails.delete(track); // moves to the end: the track that was not driven for longest is dropped first
    this.#trails.set(track, known);
    if (this.#trails.size > TRACKS) this.#trails.delete(this.#trails.keys().next().value);
    this.#trail = known;
    this.#inked = null;
    this.#car = null;
  }

  // Keep the path for the same page after a reload.
  #keep() {
    if (this.#trail?.bounds == null) return;
    try {
      const path = { track: this.#name, fastest: this.#fastest, points: this.#trail.points() };
      sessionStorage.setItem(KEY, JSON.stringify(path));
    } catch {
      // the browser keeps nothing, or has no room
    }
  }

  #view({ left, right, top, bottom }) {
    const { width, height, rem } = this.#sheet;
    const margin = rem;
    const fit = Math.min(
      (width - 2 * margin) / Math.max(right - left, LEAST_M),
      (height - 2 * margin) / Math.max(bottom - top, LEAST_M),
    );
    const middle = { x: (left + right) / 2, z: (top + bottom) / 2 };
    return {
      bounds: this.#trail.bounds,
      x: (x) => width / 2 + (x - middle.x) * fit,
      y: (z) => height / 2 + (z - middle.z) * fit,
    };
  }

  #drawInk(view) {
    const trail = this.#trail;
    const fresh = this.#inked === null || this.#inked.bounds !== view.bounds || trail.next - this.#inked.since > REDRAW;
    if (fresh) {
      this.#ink.width = this.#sheet.canvas.width;
      this.#ink.height = this.#sheet.canvas.height;
      this.#inked = { bounds: view.bounds, since: trail.next, next: trail.first };
    }
    if (this.#inked.next === trail.next) return;
    const context = this.#ink.getContext("2d");
    context.setTransform(this.#sheet.scale, 0, 0, this.#sheet.scale, 0, 0);
    context.lineWidth = Math.max(3, 0.33 * this.#sheet.rem);
    context.lineJoin = context.lineCap = "round";
    let current = null;
    for (let i = Math.max(trail.first + 1, this.#inked.next); i < trail.next; i += 1) {
      const [from, to] = [trail.at(i - 1), trail.at(i)];
      const stroke = this.#shades[Math.round(Math.min(1, to.speed / this.#fastest) * (SHADES - 1))];
      if (stroke !== current || !to.joined) {
        if (current !== null) context.stroke();
        context.beginPath();
        context.moveTo(view.x(from.x), view.y(from.z));
        context.strokeStyle = current = stroke;
      }
      if (to.joined) context.lineTo(view.x(to.x), view.y(to.z));
      else context.moveTo(view.x(to.x), view.y(to.z));
    }
    if (current !== null) context.stroke();
    this.#inked.next = trail.next;
  }
}

// Return the path of a track that was kept before a reload.
function kept(track, lapM) {
  try {
    const path = JSON.parse(sessionStorage.getItem(KEY));
    if (path?.track !== track) return undefined;
    sessionStorage.removeItem(KEY);
    const trail = new Trail(lapM);
    for (const [x, z, speed] of path.points) trail.take(x, z, speed);
    return trail;
  } catch {
    return undefined;
  }
}

// A colour between those of the style sheet, which are written as #rrggbb.
function shade(share) {
  const [from, to] = share < 0.5 ? [0, 1] : [1, 2];
  const within = (share - from / 2) * 2;
  const [a, b] = [from, to].map((i) => colour(STOPS[i]).match(/[0-9a-f]{2}/gi).map((pair) => parseInt(pair, 16)));
  return `rgb(${a.map((value, i) => Math.round(value + (b[i] - value) * within)).join(" ")})`;
}
