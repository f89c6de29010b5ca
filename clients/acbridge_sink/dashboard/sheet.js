// A canvas that fits its element and the pixels of the screen, and the colours of the style sheet.

const MOST_PIXELS = 2; // per CSS pixel: more costs time and shows nothing

const style = getComputedStyle(document.documentElement);

export function colour(name) {
  return style.getPropertyValue(`--${name}`).trim();
}

export class Sheet {
  width = 0;
  height = 0;
  scale = 1;
  dirty = true; // its content is old, or gone

  // Calls `onResize` when the drawing is gone.
  constructor(canvas, onResize) {
    this.canvas = canvas;
    this.context = canvas.getContext("2d");
    new ResizeObserver(() => {
      this.#fit();
      this.dirty = true;
      onResize();
    }).observe(canvas);
    this.#fit();
  }

  // Clear it for drawing anew, and let one unit be one CSS pixel.
  clear() {
    this.dirty = false;
    this.context.setTransform(this.scale, 0, 0, this.scale, 0, 0);
    this.context.clearRect(0, 0, this.width, this.height);
    return this.context;
  }

  #fit() {
    this.scale = Math.min(MOST_PIXELS, devicePixelRatio || 1);
    this.width = this.canvas.clientWidth;
    this.height = this.canvas.clientHeight;
    this.rem = parseFloat(style.fontSize);
    this.canvas.width = Math.max(1, Math.round(this.width * this.scale));
    this.canvas.height = Math.max(1, Math.round(this.height * this.scale));
  }
}
