// The screen of the device: full by a button, and awake while frames flow, where the browser allows it.

export class Screen {
  #button;
  #lock = null;
  #wanted = false;

  constructor(button) {
    this.#button = button;
    button.hidden = !document.fullscreenEnabled; // a phone of Apple has none; the page on its home screen is full
    button.addEventListener("click", () => {
      if (document.fullscreenElement === null) document.documentElement.requestFullscreen().catch(() => {});
      else document.exitFullscreen();
    });
    document.addEventListener("fullscreenchange", () => {
      button.textContent = document.fullscreenElement === null ? "Full screen" : "Leave full screen";
    });
    document.addEventListener("visibilitychange", () => this.#hold());
  }

  // Keep the screen awake, or let it sleep.
  keepAwake(wanted) {
    if (wanted === this.#wanted) return;
    this.#wanted = wanted;
    if (wanted) this.#hold();
    else this.#lock?.release();
  }

  // A browser takes the lock back when the page is hidden, and has none on plain http from another machine.
  async #hold() {
    if (!this.#wanted || document.hidden || !("wakeLock" in navigator)) return;
    try {
      this.#lock = await navigator.wakeLock.request("screen");
      if (!this.#wanted) this.#lock.release();
    } catch {
      this.#lock = null; // the battery is low
    }
  }
}
