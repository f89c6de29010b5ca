// How values are written. A missing value is an en dash, never "null" or "NaN".

export const DASH = "–";
const MINUS = "−";
const SESSIONS = ["practice", "qualify", "race", "hotlap", "time attack", "drift", "drag"];
const DAY_MS = 86_400_000;

export function isNumber(value) {
  return typeof value === "number" && Number.isFinite(value);
}

export function number(value, digits = 0) {
  if (!isNumber(value)) return DASH;
  const written = value.toFixed(digits);
  return Number(written) === 0 ? (0).toFixed(digits) : written.replace("-", MINUS);
}

export function signed(value, digits = 0) {
  const written = number(value, digits);
  return isNumber(value) && value > 0 && Number(written) > 0 ? `+${written}` : written;
}

// A running clock; 0 is a time.
export function clock(ms) {
  if (!isNumber(ms) || ms < 0 || ms >= DAY_MS) return DASH;
  const whole = Math.round(ms);
  const seconds = String(Math.floor(whole / 1000) % 60).padStart(2, "0");
  return `${Math.floor(whole / 60_000)}:${seconds}.${String(whole % 1000).padStart(3, "0")}`;
}

// The time of a lap; the sim writes 0 when there is none.
export function time(ms) {
  return ms === 0 ? DASH : clock(ms);
}

// The time that is left of a session; the sim writes 0, or less, where there is no end.
function left(ms) {
  if (!isNumber(ms) || ms <= 0 || ms >= DAY_MS) return DASH;
  const seconds = Math.floor(ms / 1000);
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  const rest = String(seconds % 60).padStart(2, "0");
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

// The setting of an aid, which is off at 0.
function level(value) {
  return value === 0 ? "off" : number(value, 2);
}

function sector(ms) {
  return isNumber(ms) ? (ms / 1000).toFixed(3) : DASH;
}

function text(value) {
  return typeof value === "string" && value !== "" ? value.replaceAll("_", " ") : DASH;
}

function gear(value) {
  if (!isNumber(value)) return DASH;
  return value < 0 ? "R" : value === 0 ? "N" : String(value);
}

// The values that `data-as` may have.
export const WAYS = {
  number,
  signed,
  clock,
  time,
  left,
  level,
  sector,
  text,
  gear,
  percent: (value, digits) => number(isNumber(value) ? value * 100 : null, digits),
  "signed-percent": (value, digits) => signed(isNumber(value) ? value * 100 : null, digits),
  session: (value) => SESSIONS[value] ?? DASH,
};
