const SAMPLES = 30;

/**
 * The server's time, estimated from the `at` of its frames, since a viewer's clock may be an hour off.
 * A frame is late by its travel, never early, so the smallest of the latest lags is the best guess.
 */
export class ServerClock {
  #lagsMs = [];
  #localNowMs;

  constructor(localNowMs = () => Date.now()) {
    this.#localNowMs = localNowMs;
  }

  observe(at) {
    this.#lagsMs.push(this.#localNowMs() - at);
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
