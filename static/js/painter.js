const NUMBERS_EVERY_MS = 500;

/** Draws charts and numbers as often as one would see a difference, and nothing while the page is hidden. */
export class Painter {
  #grid;
  #view;
  #range;
  #onNumbers;
  #timer = 0;
  #frame = 0;
  #numbersAtMs = 0;

  /** `range()` gives what is shown just now, `onNumbers()` writes the numbers. */
  constructor({ grid, view, range, onNumbers }) {
    this.#grid = grid;
    this.#view = view;
    this.#range = range;
    this.#onNumbers = onNumbers;
  }

  /** With the first picture at once, and of a tab in the background too: it is there when somebody looks. */
  start() {
    document.addEventListener("visibilitychange", () => this.#next());
    this.#drawNow();
    this.#next();
  }

  /** In the next frame, however slow the pace. */
  draw() {
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      if (!document.hidden) this.#drawNow();
    });
  }

  #drawNow() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#grid.draw(this.#range());
  }

  #next() {
    clearTimeout(this.#timer);
    if (document.hidden) return;
    this.#timer = setTimeout(() => this.#tick(), this.#grid.intervalMs(this.#view.spanMs));
  }

  #tick() {
    const nowMs = performance.now();
    // The numbers and the picture take turns: two short tasks instead of a long one.
    if (nowMs - this.#numbersAtMs >= NUMBERS_EVERY_MS) {
      this.#numbersAtMs = nowMs;
      this.#onNumbers();
    }
    if (!this.#view.isHeld) this.draw();
    this.#next();
  }
}
