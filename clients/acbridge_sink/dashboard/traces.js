// Pedals and steering over the last ten seconds of the sim's clock, which stands still while the sim is paused.

import { colour, Sheet } from "./sheet.js";

const STEP_S = 0.003; // of physics.packetId
const SHOWN_S = 10;
const KEPT = 1024; // ten seconds at 100 Hz; the relay sends at most 60
const GRID_S = 2;
const REACHES = [0.1, 0.25, 0.5, 1]; // of steering, from the middle: locks of cars differ widely

export class Traces {
  #times = new Float64Array(KEPT);
  #gas = new Float32Array(KEPT);
  #brake = new Float32Array(KEPT);
  #steer = new Float32Array(KEPT);
  #count = 0; // of all points so far
  #reach;
  #sheet;

  // Writes the range of the steering that is shown into `reach`.
  constructor(canvas, reach, changed) {
    this.#reach = reach;
    this.#sheet = new Sheet(canvas, changed);
  }

  take(topic, frame) {
    if (topic !== "physics") return;
    const now = frame.packetId * STEP_S;
    const last = this.#count ? this.#times[(this.#count - 1) % KEPT] : -Infinity;
    if (now === last) return;
    if (now < last) this.#forget(); // the sim was restarted
    const place = this.#count % KEPT;
    this.#times[place] = now;
    this.#gas[place] = frame.gas ?? 0;
    this.#brake[place] = frame.brake ?? 0;
    this.#steer[place] = frame.steerAngle ?? 0;
    this.#count += 1;
    this.#sheet.dirty = true;
  }

  draw() {
    if (!this.#sheet.dirty) return;
    const { width, height, rem } = this.#sheet;
    const context = this.#sheet.clear();
    const gap = 0.75 * rem;
    const pedals = { top: 2, height: (height - gap) * 0.6 };
    const steering = { top: pedals.top + pedals.height + gap, height: (height - gap) * 0.4 - 4 };
    this.#grid(context, width, pedals, steering);
    this.#line(context, width, this.#gas, colour("gas"), (v) => pedals.top + pedals.height * (1 - v), pedals);
    this.#line(context, width, this.#brake, colour("brake"), (v) => pedals.top + pedals.height * (1 - v), pedals);
    const farthest = this.#steer.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const reach = REACHES.find((some) => some >= farthest) ?? 1;
    const written = String(reach * 100);
    if (this.#reach.textContent !== written) this.#reach.textContent = written;
    const place = (v) => steering.top + (steering.height * (1 + v / reach)) / 2;
    this.#line(context, width, this.#steer, colour("steer"), place);
  }

  #forget() {
    this.#count = 0;
    this.#steer.fill(0);
  }

  #grid(context, width, pedals, steering) {
    context.strokeStyle = colour("line");
    context.lineWidth = 1;
    context.beginPath();
    for (let ago = 0; ago <= SHOWN_S; ago += GRID_S) {
      const x = Math.round(width * (1 - ago / SHOWN_S)) + (ago ? 0.5 : -0.5);
      context.moveTo(x, pedals.top);
      context.lineTo(x, pedals.top + pedals.height);
      context.moveTo(x, steering.top);
      context.lineTo(x, steering.top + steering.height);
    }
    const levels = [pedals.top, pedals.top + pedals.height / 2, pedals.top + pedals.height];
    for (const y of [...levels, steering.top + steering.height / 2]) {
      context.moveTo(0, Math.round(y) + 0.5);
      context.lineTo(width, Math.round(y) + 0.5);
    }
    context.stroke();
  }

  #line(context, width, values, stroke, place, filled) {
    if (!this.#count) return;
    const newest = this.#times[(this.#count - 1) % KEPT];
    let first = Math.max(0, this.#count - KEPT);
    while (first < this.#count - 1 && this.#times[(first + 1) % KEPT] < newest - SHOWN_S) first += 1;
    const path = new Path2D();
    const x = (index) => width * (1 - (newest - this.#times[index]) / SHOWN_S);
    for (let i = first; i < this.#count; i += 1) path.lineTo(x(i % KEPT), place(values[i % KEPT]));
    if (filled) {
      const area = new Path2D(path);
      area.lineTo(width, filled.top + filled.height);
      area.lineTo(x(first % KEPT), filled.top + filled.height);
      context.globalAlpha = 0.16;
      context.fillStyle = stroke;
      context.fill(area);
      context.globalAlpha = 1;
    }
    context.strokeStyle = stroke;
    context.lineWidth = Math.max(2, this.#sheet.rem / 8);
    context.lineJoin = "round";
    context.stroke(path);
  }
}
