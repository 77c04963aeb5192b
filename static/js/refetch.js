import { fullJitterMs } from "./models/backoff.js";

/** Runs an async `task` when asked, one at a time and, after a failure, again with growing pauses. */
export class Refetch {
  #task;
  #onResult;
  #timer = 0;
  #dueAtMs = Infinity;
  #isRunning = false;
  #isWanted = false;
  #failures = 0;

  /** `onResult(isOk)` is called after each run. */
  constructor(task, onResult = () => {}) {
    this.#task = task;
    this.#onResult = onResult;
  }

  /** At once, or once more when the running one has ended. */
  now() {
    this.stop();
    if (this.#isRunning) this.#isWanted = true;
    else this.#run();
  }

  /** Within `ms`; an earlier wish stands. */
  within(ms) {
    const dueAtMs = performance.now() + ms;
    if (this.#isWanted || dueAtMs >= this.#dueAtMs) return;
    this.stop();
    this.#dueAtMs = dueAtMs;
    this.#timer = setTimeout(() => this.now(), ms);
  }

  stop() {
    clearTimeout(this.#timer);
    this.#dueAtMs = Infinity;
    this.#isWanted = false;
  }

  async #run() {
    this.#isRunning = true;
    const isOk = await this.#task().then(
      () => true,
      () => false,
    );
    this.#isRunning = false;
    this.#failures = isOk ? 0 : this.#failures + 1;
    this.#onResult(isOk);
    if (this.#isWanted) this.now();
    else if (!isOk) this.within(fullJitterMs(this.#failures));
  }
}
