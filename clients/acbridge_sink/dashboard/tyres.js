// Four tyres: temperature, slip, and whether the wheel is locked or spins.

import { isNumber } from "./text.js";

const NAMES = ["Front left", "Front right", "Rear left", "Rear right"];
const SHORT = ["FL", "FR", "RL", "RR"];
const COLD = 60; // degrees C: roughly where any compound grips less, and from where it suffers
const HOT = 105;
const SLIP_SHOWN = 2; // at the end of the bar; 1 is the limit

export class Tyres {
  #tyres = [];
  #physics = null;
  #derived = null;

  constructor(root) {
    const template = root.getElementById("tyre");
    NAMES.forEach((name, wheel) => {
      const tyre = template.content.cloneNode(true).firstElementChild;
      tyre.setAttribute("aria-label", name);
      tyre.querySelector("h3").textContent = SHORT[wheel];
      for (const shown of tyre.querySelectorAll("[data-field]")) {
        shown.dataset.field = shown.dataset.field.replace("#", wheel);
      }
      root.getElementById("tyres").append(tyre);
      const label = tyre.querySelector(".slip-state");
      this.#tyres.push({ tyre, label, bar: tyre.querySelector(".slip i"), heat: "", state: "", slip: -1 });
    });
  }

  take(topic, frame) {
    if (topic === "physics") this.#physics = frame;
    else if (topic === "derived") this.#derived = frame;
  }

  draw() {
    this.#tyres.forEach((shown, wheel) => {
      if (this.#physics !== null) drawPhysics(shown, this.#physics, wheel);
      if (this.#derived !== null) drawDerived(shown, this.#derived, wheel);
    });
    this.#physics = this.#derived = null;
  }
}

function drawPhysics(shown, frame, wheel) {
  const core = frame.tyreCoreTemperature[wheel];
  const heat = !isNumber(core) ? "unknown" : core < COLD ? "cold" : core > HOT ? "hot" : "warm";
  if (heat !== shown.heat) shown.tyre.dataset.heat = shown.heat = heat;
  const slip = Math.round(Math.min(1, (frame.wheelSlip[wheel] ?? 0) / SLIP_SHOWN) * 100);
  if (slip !== shown.slip) {
    shown.slip = slip;
    shown.bar.style.transform = `scaleX(${slip / 100})`;
  }
}

function drawDerived(shown, frame, wheel) {
  const state = frame.locked_wheels[wheel] ? "locked" : frame.spinning_wheels[wheel] ? "spinning" : "rolling";
  if (state === shown.state) return;
  shown.tyre.dataset.state = shown.state = state;
  shown.label.textContent = state === "rolling" ? "" : state;
}
