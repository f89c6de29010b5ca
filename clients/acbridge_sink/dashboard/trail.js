// The path driven on one track: about one lap of it, so that the newest lap replaces the one before. Knows no canvas.

const KEPT = 3000;
const LAPS_KEPT = 1.02;
const UNKNOWN_SPACING_M = 6;
const LEAST_SPACING_M = 2;
const JUMP_M = 60;

export class Trail {
  #x = new Float32Array(KEPT);
  #z = new Float32Array(KEPT);
  #speed = new Float32Array(KEPT);
  #ways = new Float64Array(KEPT); // metres driven up to this point
  #joined = new Uint8Array(KEPT); // with the point before
  #longest;
  #spacing;
  first = 0; // of the points kept
  next = 0; // of the point after the newest
  bounds = null;

  constructor(lapM) {
    this.#longest = lapM > 0 ? lapM * LAPS_KEPT : Infinity;
    this.#spacing = lapM > 0 ? Math.max(LEAST_SPACING_M, this.#longest / (KEPT - 100)) : UNKNOWN_SPACING_M;
  }

  // Add a position; return whether it became a point.
  take(x, z, speed) {
    const last = (this.next - 1) % KEPT;
    const moved = this.next ? Math.hypot(x - this.#x[last], z - this.#z[last]) : Infinity;
    if (moved < this.#spacing) return false;
    const jumped = moved > JUMP_M;
    const way = (this.next ? this.#ways[last] : 0) + (jumped ? 0 : moved);
    const place = this.next % KEPT;
    this.#x[place] = x;
    this.#z[place] = z;
    this.#speed[place] = speed;
    this.#ways[place] = way;
    this.#joined[place] = jumped ? 0 : 1;
    this.next += 1;
    this.first = Math.max(this.first, this.next - KEPT);
    while (way - this.#ways[this.first % KEPT] > this.#longest) this.first += 1;
    const seen = this.bounds;
    if (seen === null) this.bounds = { left: x, right: x, top: z, bottom: z };
    else if (x < seen.left || x > seen.right || z < seen.top || z > seen.bottom) {
      this.bounds = {
        left: Math.min(seen.left, x),
        right: Math.max(seen.right, x),
        top: Math.min(seen.top, z),
        bottom: Math.max(seen.bottom, z),
      };
    }
    return true;
  }

  // Return all points as x, z and speed, exactly enough to be drawn.
  points() {
    const found = [];
    for (let i = this.first; i < this.next; i += 1) {
      const { x, z, speed } = this.at(i);
      found.push([x, z, speed].map((value) => Math.round(value * 10) / 10));
    }
    return found;
  }

  at(index) {
    const place = index % KEPT;
    return { x: this.#x[place], z: this.#z[place], speed: this.#speed[place], joined: this.#joined[place] === 1 };
  }
}
