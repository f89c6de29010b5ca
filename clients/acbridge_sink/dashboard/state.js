// The state that the banner shows: the first problem on the way of a frame, from relay to daemon to sim.

const STALE_MS = 1000;
const FLOWING = ["live", "paused", "replay"];
const WAITING = {
  absent: "Waiting for the sim",
  unsupported: "Waiting for the sim: another one is running",
  idle: "Waiting for the sim: no session is loaded",
  frozen: "The sim stands still",
};
const SAID = { live: "Live", paused: "Paused", replay: "Replay" };

export class State {
  #daemon = false;
  #status = null;
  #framed = null; // when the last frame of a tick came

  take(message, now) {
    if (message.type === "hello" || message.type === "daemon") {
      this.#daemon = message.connected;
    } else if (message.topic === "status") {
      this.#status = message;
    } else if (message.topic === "physics") {
      this.#framed = now;
    }
  }

  // Whether a message should come every second.
  get speaks() {
    return this.#daemon;
  }

  // Return the state as a word, a sentence for it, and a detail that changes too often to be read aloud.
  look(link, now) {
    if (!link.open) {
      this.#framed = null;
      if (link.refused) return ["refused", "The relay wants a token: open this page with ?token= and the token", ""];
      if (link.retryAt === null) return ["connecting", "Connecting to the relay", ""];
      const seconds = Math.max(1, Math.ceil((link.retryAt - now) / 1000));
      return ["disconnected", "Disconnected", `reconnecting in ${seconds} s`];
    }
    if (!this.#daemon) return ["no-daemon", "Waiting for the daemon", ""];
    const sim = this.#status?.sim_state;
    if (sim === undefined) return ["connecting", "Waiting for the daemon's status", ""];
    if (!FLOWING.includes(sim)) return ["no-sim", WAITING[sim] ?? `Waiting for the sim: ${sim}`, this.#status.sim_detail ?? ""];
    this.#framed ??= now;
    const silent = now - this.#framed;
    if (silent > Math.max(STALE_MS, 2500 / this.#status.rate)) {
      return ["stale", "Stale", `no frame for ${Math.floor(silent / 1000)} s`];
    }
    return [sim, SAID[sim], ""];
  }
}
