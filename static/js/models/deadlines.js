const LONGEST_MS = 600_000; // a clock that is put right is noticed by then, and no browser's timer overflows

/** Things that are due at times of their own, each once, with one timer for all. Hook: onDue(thing). */
export class Deadlines {
  #onDue;
  #nowMs;
  #dueAt = new Map();
  #timer = 0;

  constructor(onDue, nowMs = () => Date.now()) {
    this.#onDue = onDue;
    this.#nowMs = nowMs;
  }

  add(thing, at) {
    this.#dueAt.set(thing, at);
    this.start();
  }

  /** What is not waited for any longer. */
  remove(thing) {
    if (this.#dueAt.delete(thing)) this.start();
  }

  /** Waits, after a `stop` again. */
  start() {
    this.stop();
    if (this.#dueAt.size === 0) return;
    const waitMs = Math.min(...this.#dueAt.values()) - this.#nowMs();
    this.#timer = setTimeout(() => this.#look(), Math.min(Math.max(waitMs, 0), LONGEST_MS));
  }

  stop() {
    clearTimeout(this.#timer);
  }

  #look() {
    const due = [...this.#dueAt].filter(([, at]) => at <= this.#nowMs()).map(([thing]) => thing);
    for (const thing of due) this.#dueAt.delete(thing);
    this.start();
    for (const thing of due) this.#onDue(thing);
  }
}
