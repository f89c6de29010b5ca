// The elements that show a field as it is: `data-field` names it (`topic.field` or `topic.field.index`), `data-as` says
// how it is written, `data-digits` how exactly, and `data-unit` which kind of unit it has; elements with `data-unit-of`
// name the unit. Touches an element only when its text changes.

import { convert, UNITS } from "./units.js";
import { WAYS } from "./text.js";

const OURS = "page";

export class Fields {
  #byTopic = new Map();
  #changed = new Map();
  #newest = new Map();
  #units = "metric";

  constructor(root) {
    this.bind(root);
  }

  // Add the elements below `root`.
  bind(root) {
    for (const element of root.querySelectorAll("[data-field]")) {
      const [topic, name, index] = element.dataset.field.split(".");
      const shown = {
        element,
        name,
        index,
        unit: element.dataset.unit,
        write: WAYS[element.dataset.as ?? "number"],
        digits: Number(element.dataset.digits ?? 0),
        text: element.textContent,
      };
      if (!this.#byTopic.has(topic)) this.#byTopic.set(topic, []);
      this.#byTopic.get(topic).push(shown);
      if (this.#changed.get(topic) === undefined) this.#changed.set(topic, null);
    }
  }

  // Write values in other units from now on, and those that are shown anew.
  choose(units, root) {
    this.#units = units;
    for (const element of root.querySelectorAll("[data-unit-of]")) {
      element.textContent = UNITS[units][element.dataset.unitOf][0];
    }
    for (const [topic, frame] of this.#newest) this.#changed.set(topic, frame);
  }

  // Remove the elements below `root`.
  release(root) {
    for (const [topic, shown] of this.#byTopic) {
      this.#byTopic.set(topic, shown.filter(({ element }) => !root.contains(element)));
    }
  }

  // Return the names of all fields that elements show.
  names() {
    const named = [...this.#byTopic].filter(([topic]) => topic !== OURS);
    return named.flatMap(([, shown]) => shown.map(({ name }) => name));
  }

  take(topic, frame) {
    this.#changed.set(topic, frame);
    this.#newest.set(topic, frame);
  }

  draw() {
    for (const [topic, frame] of this.#changed) {
      if (frame === null) continue;
      for (const shown of this.#byTopic.get(topic) ?? []) {
        const value = shown.index === undefined ? frame[shown.name] : frame[shown.name]?.[shown.index];
        const text = shown.write(convert(this.#units, shown.unit, value), shown.digits);
        if (text !== shown.text) {
          shown.text = text;
          shown.element.textContent = text;
        }
      }
      this.#changed.set(topic, null);
    }
  }
}
