// The connection to the relay: opens it, reopens it when it is lost, and passes messages on.

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 5000;
const SILENCE_MS = 5000;
const TOPICS = ["physics", "graphics", "derived", "static", "status", "controls", "event"];

export class Link {
  #address;
  #onMessage;
  #onChange;
  #socket = null;
  #wait = FIRST_WAIT_MS;
  #timer = 0;
  #heard = 0;
  open = false;
  retryAt = null; // on the clock of performance.now()
  refused = false; // the relay requires another token

  constructor(fields, onMessage, onChange) {
    const query = new URLSearchParams({ topics: TOPICS.join(","), fields: [...new Set(fields)].sort().join(",") });
    this.token = new URLSearchParams(location.search).get("token");
    if (this.token !== null) query.set("token", this.token);
    this.#address = `${location.protocol.replace("http", "ws")}//${location.host}/?${query}`;
    this.#onMessage = onMessage;
    this.#onChange = onChange;
    addEventListener("online", () => this.#retry());
    document.addEventListener("visibilitychange", () => this.#retry());
  }

  connect() {
    this.retryAt = null;
    const socket = new WebSocket(this.#address, "acbridge.json");
    this.#socket = socket;
    socket.onopen = () => {
      this.open = true;
      this.refused = false;
      this.#wait = FIRST_WAIT_MS;
      this.#heard = performance.now();
      this.#onChange();
    };
    socket.onmessage = ({ data }) => {
      this.#heard = performance.now();
      this.#onMessage(JSON.parse(data));
    };
    socket.onclose = () => {
      if (socket === this.#socket) this.#lost();
    };
    this.#onChange();
  }

  // Close a silent connection: a browser does not notice that the network went away.
  giveUpIfSilent(now) {
    if (this.open && now - this.#heard > SILENCE_MS) {
      this.#socket.close();
      this.#lost();
    }
  }

  #lost() {
    const wasOpen = this.open;
    this.#socket = null;
    this.open = false;
    const wait = this.#wait * (0.8 + 0.4 * Math.random()); // otherwise all pages of a relay would reconnect at the same instant
    this.#wait = Math.min(LONGEST_WAIT_MS, this.#wait * 2);
    this.retryAt = performance.now() + wait;
    this.#timer = setTimeout(() => this.connect(), wait);
    this.#onChange();
    if (!wasOpen) this.#askWhy();
  }

  // A browser does not say why a WebSocket was refused; the status of a plain request does.
  async #askWhy() {
    try {
      const query = this.token === null ? "" : `?${new URLSearchParams({ token: this.token })}`;
      this.refused = (await fetch(`/healthz${query}`)).status === 401;
    } catch {
      this.refused = false; // no relay answers
    }
    this.#onChange();
  }

  #retry() {
    if (this.retryAt === null || document.hidden) return;
    clearTimeout(this.#timer);
    this.connect();
  }
}
