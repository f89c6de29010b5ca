// The parts of the dash that are not numbers: the rpm bar, the shift light, the sign of the delta, and the warnings.

const SHIFT = 0.95;
const FLAGS = ["", "Blue", "Yellow", "Black", "White", "Chequered", "Penalty"]; // of graphics.flag
const WARNINGS = {
  flag: "Flag",
  pit: "Pit lane",
  wrong: "Wrong way",
  off: "Off track",
  invalid: "Lap will not count",
  tyres: "Tyres worn out",
  damage: "Damaged",
};

export class Dash {
  #bar;
  #gear;
  #delta;
  #maxRpm = 0;
  #physics = null;
  #derived = null;
  #flag = null; // to draw
  #waved = 0;
  #share = -1;
  #flags = new Map();

  constructor(root) {
    this.#bar = root.getElementById("rpm");
    this.#gear = root.getElementById("gear");
    this.#delta = root.getElementById("delta");
    for (const [name, text] of Object.entries(WARNINGS)) {
      const item = root.createElement("li");
      item.textContent = text;
      item.dataset.flag = name;
      item.hidden = true;
      root.getElementById("flags").append(item);
      this.#flags.set(name, item);
    }
  }

  take(topic, frame) {
    if (topic === "static") this.#maxRpm = frame.maxRpm;
    else if (topic === "physics") this.#physics = frame;
    else if (topic === "derived") this.#derived = frame;
    else if (topic === "graphics") this.#flag = frame.flag;
  }

  draw() {
    if (this.#physics !== null) this.#drawRpm(this.#physics);
    if (this.#derived !== null) this.#drawDerived(this.#derived);
    if (this.#flag !== null && this.#flag !== this.#waved) this.#wave(this.#flag);
    this.#physics = this.#derived = null;
  }

  #drawRpm({ rpms, currentMaxRpm }) {
    const most = currentMaxRpm > 0 ? currentMaxRpm : this.#maxRpm;
    const share = most > 0 ? Math.min(1, Math.max(0, rpms / most)) : 0;
    if (share === this.#share) return;
    this.#share = share;
    this.#bar.style.clipPath = `inset(0 ${(100 * (1 - share)).toFixed(2)}% 0 0)`;
    const shift = String(share >= SHIFT);
    if (this.#gear.dataset.shift !== shift) this.#gear.dataset.shift = this.#bar.dataset.shift = shift;
  }

  #drawDerived(frame) {
    const delta = Math.round((frame.delta_to_best_s ?? 0) * 100); // as it is written
    const sign = delta === 0 ? "none" : delta < 0 ? "ahead" : "behind";
    if (this.#delta.dataset.sign !== sign) this.#delta.dataset.sign = sign;
    this.#warn("pit", frame.in_pit_lane);
    this.#warn("wrong", frame.wrong_way);
    this.#warn("off", ["off", "fully"].includes(frame.off_track));
    this.#warn("invalid", frame.lap_state === "invalid");
    this.#warn("tyres", frame.tyre_critical);
    this.#warn("damage", frame.bodywork_damaged);
  }

  #wave(flag) {
    this.#waved = flag;
    const name = FLAGS[flag] ?? "";
    const item = this.#flags.get("flag");
    item.textContent = flag === 6 ? name : `${name} flag`;
    item.dataset.colour = name.toLowerCase();
    this.#warn("flag", name !== "");
  }

  #warn(name, on) {
    const item = this.#flags.get(name);
    if (item.hidden === Boolean(on)) item.hidden = !on;
  }
}
