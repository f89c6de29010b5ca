// The g-g diagram: acceleration to the right and forward, with a trail of the last seconds.

import { colour, Sheet } from "./sheet.js";
import { isNumber } from "./text.js";

const KEPT = 180; // three seconds at 60 Hz
const SHADES = 12;
const LEAST_G = 1.5;
const RING_G = 0.5;

export class GG {
  #right = new Float32Array(KEPT);
  #forward = new Float32Array(KEPT);
  #count = 0;
  #reach = LEAST_G; // in g, to the edge
  #sheet;

  constructor(canvas, changed) {
    this.#sheet = new Sheet(canvas, changed);
  }

  take(topic, frame) {
    if (topic !== "derived") return;
    const { acc_right_g: right, acc_forward_g: forward } = frame;
    if (!isNumber(right) || !isNumber(forward)) return;
    const last = (this.#count - 1) % KEPT;
    if (this.#count && Math.fround(right) === this.#right[last] && Math.fround(forward) === this.#forward[last]) return;
    this.#right[this.#count % KEPT] = right;
    this.#forward[this.#count % KEPT] = forward;
    this.#count += 1;
    // An impact is many g; the plot is for driving.
    const needed = Math.min(5, Math.ceil((Math.hypot(right, forward) * 1.05) / RING_G) * RING_G);
    this.#reach = Math.max(this.#reach, needed);
    this.#sheet.dirty = true;
  }

  draw() {
    if (!this.#sheet.dirty) return;
    const { width, height, rem } = this.#sheet;
    const context = this.#sheet.clear();
    const size = Math.min(width, height) / 2 - 0.4 * rem;
    if (size <= 0) return;
    const unit = size / this.#reach;
    context.translate(width / 2, height / 2);
    this.#rings(context, size, unit, rem);
    this.#trail(context, unit, rem);
  }

  #rings(context, size, unit, rem) {
    context.strokeStyle = colour("line");
    context.lineWidth = 1;
    context.beginPath();
    for (let g = RING_G; g <= this.#reach + 1e-6; g += this.#reach > 3 ? 1 : RING_G) {
      context.moveTo(g * unit, 0);
      context.arc(0, 0, g * unit, 0, 2 * Math.PI);
    }
    context.moveTo(-size, 0);
    context.lineTo(size, 0);
    context.moveTo(0, -size);
    context.lineTo(0, size);
    context.stroke();
    context.fillStyle = colour("quiet");
    context.font = `${0.75 * rem}px ${getComputedStyle(this.#sheet.canvas).fontFamily}`;
    context.textBaseline = "top";
    context.fillText("1 g", unit * 0.72 + 3, unit * 0.72 + 1);
  }

  #trail(context, unit, rem) {
    const length = Math.min(this.#count, KEPT);
    const oldest = this.#count - length;
    const x = (i) => this.#right[i % KEPT] * unit;
    const y = (i) => -this.#forward[i % KEPT] * unit;
    context.strokeStyle = colour("accent");
    context.lineWidth = Math.max(2, rem / 8);
    context.lineJoin = context.lineCap = "round";
    for (let shade = 0; shade < SHADES; shade += 1) {
      const from = oldest + Math.floor((length * shade) / SHADES);
      const to = Math.min(this.#count - 1, oldest + Math.floor((length * (shade + 1)) / SHADES));
      if (to <= from) continue;
      context.globalAlpha = ((shade + 1) / SHADES) ** 1.6 * 0.9;
      context.beginPath();
      for (let i = from; i <= to; i += 1) context.lineTo(x(i), y(i));
      context.stroke();
    }
    context.globalAlpha = 1;
    if (!length) return;
    context.fillStyle = colour("ink");
    context.beginPath();
    context.arc(x(this.#count - 1), y(this.#count - 1), 0.4 * rem, 0, 2 * Math.PI);
    context.fill();
  }
}
