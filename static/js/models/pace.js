const FASTEST_MS = 100;
const SLOWEST_MS = 500;
const PICTURE_STEPS = 600;
const SHARE = 1 / 25; // painting costs the browser several times what it costs the script

/** How long to wait for the next picture: until one would see it move, and so that drawing stays a small part of the time. */
export class Pace {
  #costMs = 0;
  #fastestMs;

  constructor(fastestMs = FASTEST_MS) {
    this.#fastestMs = fastestMs;
  }

  drew(costMs) {
    this.#costMs += (costMs - this.#costMs) / 4;
  }

  intervalMs(spanMs) {
    const visibleMs = Math.min(spanMs / PICTURE_STEPS, SLOWEST_MS);
    return Math.max(visibleMs, this.#fastestMs, this.#costMs / SHARE);
  }
}
