// The units of the page, metric or imperial, by choice; the frames are metric. Pressure is in psi in both, as in the game.

const SAME = (value) => value;

export const UNITS = {
  metric: {
    speed: ["km/h", SAME],
    temperature: ["°C", SAME],
    volume: ["L", SAME],
  },
  imperial: {
    speed: ["mph", (kmh) => kmh / 1.609344],
    temperature: ["°F", (celsius) => celsius * 1.8 + 32],
    volume: ["gal", (litres) => litres / 3.785411784],
  },
};

// Return a value of a kind in the units of a system; what is no number stays as it is.
export function convert(system, kind, value) {
  return typeof value === "number" && kind !== undefined ? UNITS[system][kind][1](value) : value;
}
