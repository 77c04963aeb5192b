const SAMPLES = 30;
const JUMP_MS = 5_000;

/**
 * The server's time, estimated from moments it named, since a viewer's clock may be an hour off.
 * A frame is late by its travel, never early, so the smallest of the latest lags is the best guess.
 * Never fed with what devices send: their clocks may be ahead.
 */
export class ServerClock {
  #lagsMs = [];
  #localNowMs;

  constructor(localNowMs = () => Date.now()) {
    this.#localNowMs = localNowMs;
  }

  /** The server said `at` a moment ago. A viewer's clock that was put right in between starts the estimate anew. */
  observe(at) {
    const lagMs = this.#localNowMs() - at;
    if (lagMs - Math.min(...this.#lagsMs) > JUMP_MS) this.#lagsMs = [];
    this.#lagsMs.push(lagMs);
    if (this.#lagsMs.length > SAMPLES) this.#lagsMs.shift();
  }

  nowMs() {
    const lagMs = this.#lagsMs.length ? Math.min(...this.#lagsMs) : 0;
    return this.#localNowMs() - lagMs;
  }

  /** How much of a period that began at `at` is over, within 0 and `periodMs`. */
  elapsedMs(at, periodMs) {
    return Math.min(Math.max(this.nowMs() - at, 0), periodMs);
  }
}
