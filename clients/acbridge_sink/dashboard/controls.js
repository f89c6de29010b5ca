// Who drives, and the values applied to the car beside those that the telemetry shows; hidden unless the daemon has
// a back-end.

export class Controls {
  #shown;
  #state;
  #frame = null;
  #text = "";

  constructor(root) {
    this.#shown = [...root.querySelectorAll(".applied")];
    this.#state = root.getElementById("controls-state");
  }

  take(topic, frame) {
    if (topic === "controls") this.#frame = frame;
  }

  draw() {
    if (this.#frame === null) return;
    const { backend, state, reason, frozen_input: frozen } = this.#frame;
    this.#frame = null;
    const none = backend === "none";
    for (const element of this.#shown) {
      if (element.hidden !== none) element.hidden = none;
    }
    const text = `${state}${reason ? ` (${reason.replaceAll("_", " ")})` : ""}${frozen ? ", does not follow" : ""}`;
    if (text !== this.#text) this.#state.textContent = this.#text = text;
  }
}
