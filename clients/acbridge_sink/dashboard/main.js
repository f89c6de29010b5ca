// The dashboard: receives messages from the relay, and draws when the screen is ready and something has changed.

import { Choices } from "./choices.js";
import { Controls } from "./controls.js";
import { Dash } from "./dash.js";
import { Fields } from "./fields.js";
import { GG } from "./gg.js";
import { Laps } from "./laps.js";
import { Link } from "./link.js";
import { TrackMap } from "./map.js";
import { Screen } from "./screen.js";
import { State } from "./state.js";
import { Traces } from "./traces.js";
import { Tyres } from "./tyres.js";

const LOOK_MS = 200;
const COUNT_MS = 1000;

// The fields that are drawn, besides those that elements show as text.
const DRAWN = [
  ...["packetId", "currentMaxRpm", "tyreCoreTemperature", "wheelSlip", "carCoordinates", "maxRpm", "sectorCount"],
  ...["track", "trackConfiguration", "trackSPlineLength", "locked_wheels", "spinning_wheels", "lap_state"],
  ...["lap_invalid_reason", "in_pit_lane", "wrong_way", "off_track", "tyre_critical", "bodywork_damaged", "sim_state"],
  ...["flag"],
  ...["sim_detail", "kind", "lap", "lap_time_ms", "sector_times_ms", "valid", "reason"],
  ...["backend", "state", "frozen_input"],
];

const named = (id) => document.getElementById(id);

let waiting = false; // for the screen
let draws = 0;
let counted = performance.now();
const own = { skipped: 0, draws_per_s: null };

const tyres = new Tyres(document); // before the fields: it makes elements that show some of them
const fields = new Fields(document);
const laps = new Laps(document, fields);
const state = new State();
const map = new TrackMap(named("map"), { slow: named("slow"), fast: named("fast") }, redraw);
const screen = new Screen(named("full"));
const views = [
  fields,
  new Dash(document),
  new Controls(document),
  tyres,
  new Traces(named("traces"), named("reach"), redraw),
  new GG(named("gg"), redraw),
  map,
  laps,
];
new Choices(document, (name, value) => {
  document.body.dataset[name] = value;
  if (name === "units") {
    fields.choose(value, document);
    map.choose(value);
  }
  redraw();
});
const link = new Link([...fields.names(), ...DRAWN], take, look);

function take(message) {
  const now = performance.now();
  state.take(message, now);
  if (message.type === "skipped") {
    own.skipped += message.count;
    fields.take("page", own);
  } else if (message.type === "laps") {
    laps.remember(message.laps);
    redraw();
  } else if (message.type === "error") {
    console.error(message.message); // the relay and this page are of different versions
  } else if (message.topic !== undefined) {
    for (const view of views) view.take?.(message.topic, message);
    redraw();
  }
  if (message.topic === undefined || message.topic === "status") look();
}

function redraw() {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(draw);
}

function draw() {
  waiting = false;
  draws += 1;
  for (const view of views) view.draw();
}

function look() {
  const now = performance.now();
  const [word, sentence, wait] = state.look(link, now);
  show(named("state"), sentence);
  show(named("wait"), wait);
  if (document.body.dataset.state !== word) document.body.dataset.state = word;
  screen.keepAwake(["live", "paused", "replay"].includes(word));
}

function show(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

setInterval(() => {
  const now = performance.now();
  if (state.speaks) link.giveUpIfSilent(now);
  look();
  if (now - counted < COUNT_MS) return;
  own.draws_per_s = (1000 * draws) / (now - counted);
  fields.take("page", own);
  draws = 0;
  counted = now;
  redraw();
}, LOOK_MS);

link.connect();
