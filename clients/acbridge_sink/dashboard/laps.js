// The table of laps: the running lap, and below it the completed laps that the relay or this page has seen.

import { WAYS } from "./text.js";

const KEPT = 60;
const MOST_SECTORS = 6;
const REASONS = {
  cut: "cut",
  teleport: "teleport",
  out_lap: "out lap",
  not_seen_whole: "not seen whole",
  sim: "not counted",
};

export class Laps {
  #root;
  #fields;
  #sectors = 0;
  #laps = []; // newest first
  #state = "";
  #stateCell = null;
  #derived = null;
  #dirty = true;

  constructor(root, fields) {
    this.#root = root;
    this.#fields = fields;
    this.#layOut(3);
  }

  take(topic, frame) {
    if (topic === "static" && frame.sectorCount > 0) this.#layOut(Math.min(frame.sectorCount, MOST_SECTORS));
    else if (topic === "derived") this.#derived = frame;
    else if (topic === "event" && frame.kind === "session_started") this.#forget();
    else if (topic === "event" && frame.kind === "lap_completed") this.#add(frame);
  }

  // Add the laps that were completed before this page was opened, oldest first.
  remember(laps) {
    this.#laps = [...laps].reverse().slice(0, KEPT);
    this.#dirty = true;
  }

  draw() {
    if (this.#derived !== null) {
      const { lap_state: state, lap_invalid_reason: reason } = this.#derived;
      const text = reason ? (REASONS[reason] ?? reason) : WAYS.text(state);
      if (text !== this.#state) this.#stateCell.textContent = this.#state = text;
      this.#derived = null;
    }
    if (!this.#dirty) return;
    this.#dirty = false;
    const valid = this.#laps.filter((lap) => lap.valid && lap.lap_time_ms > 0);
    const best = Math.min(...valid.map((lap) => lap.lap_time_ms));
    const rows = this.#laps.map((lap) => this.#row(lap, lap.valid && lap.lap_time_ms === best));
    this.#root.getElementById("laps").replaceChildren(...rows);
  }

  #forget() {
    this.#laps = [];
    this.#dirty = true;
  }

  #add(lap) {
    this.#laps.unshift(lap);
    this.#laps.length = Math.min(this.#laps.length, KEPT);
    this.#dirty = true;
    const judged = lap.valid ? "valid" : `not valid: ${REASONS[lap.reason] ?? "no reason"}`;
    this.#root.getElementById("lap-announced").textContent = `Lap ${lap.lap}: ${WAYS.time(lap.lap_time_ms)}, ${judged}`;
  }

  #row(lap, best) {
    const row = this.#root.createElement("tr");
    row.dataset.lap = lap.lap;
    if (best) row.className = "best";
    else if (!lap.valid) row.className = "void";
    const number = this.#cell("th", WAYS.number(lap.lap));
    number.scope = "row";
    const sectors = Array.from({ length: this.#sectors }, (_, i) => WAYS.sector(lap.sector_times_ms?.[i]));
    const judged = lap.valid ? (best ? "best" : "valid") : (REASONS[lap.reason] ?? "invalid");
    row.append(number, ...[WAYS.time(lap.lap_time_ms), ...sectors, judged].map((text) => this.#cell("td", text)));
    return row;
  }

  // Give the table a column for each sector.
  #layOut(sectors) {
    if (sectors === this.#sectors) return;
    this.#sectors = sectors;
    const names = ["Lap", "Time", ...Array.from({ length: sectors }, (_, i) => `S${i + 1}`), "Counts"];
    const columns = names.map((name) => this.#cell("th", name));
    for (const column of columns) column.scope = "col";
    this.#root.getElementById("columns").replaceChildren(...columns);
    const running = this.#root.getElementById("running");
    this.#fields.release(running);
    const row = this.#root.createElement("tr");
    const number = this.#shown("th", "derived.lap_number", "number");
    number.scope = "row";
    this.#stateCell = this.#cell("td", this.#state || WAYS.text(null));
    row.append(number, this.#shown("td", "graphics.iCurrentTime", "clock"));
    for (let i = 0; i < sectors; i += 1) row.append(this.#shown("td", `derived.sector_times_ms.${i}`, "sector"));
    row.append(this.#stateCell);
    running.replaceChildren(row);
    this.#fields.bind(running);
    this.#dirty = true;
  }

  #shown(kind, field, way) {
    const cell = this.#cell(kind, WAYS.text(null));
    cell.dataset.field = field;
    cell.dataset.as = way;
    return cell;
  }

  #cell(kind, text) {
    const cell = this.#root.createElement(kind);
    cell.textContent = text;
    return cell;
  }
}
