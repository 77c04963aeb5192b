const TYPING_EVERY_MS = 3_000;
const TYPING_LASTS_MS = 4_000;

/** Lets an act through at most once per `everyMs`. */
export class Throttle {
  #everyMs;
  #lastMs = -Infinity;

  constructor(everyMs = TYPING_EVERY_MS) {
    this.#everyMs = everyMs;
  }

  allows(nowMs) {
    if (nowMs - this.#lastMs < this.#everyMs) return false;
    this.#lastMs = nowMs;
    return true;
  }

  reset() {
    this.#lastMs = -Infinity;
  }
}

/** Who is typing; a name is forgotten `TYPING_LASTS_MS` after it was last heard, or when its message came. */
export class TypingList {
  #heardMs = new Map();

  heard(username, nowMs) {
    this.#heardMs.set(username, nowMs);
  }

  finished(username) {
    this.#heardMs.delete(username);
  }

  clear() {
    this.#heardMs.clear();
  }

  names(nowMs) {
    for (const [name, heardMs] of this.#heardMs) {
      if (nowMs - heardMs >= TYPING_LASTS_MS) this.#heardMs.delete(name);
    }
    return [...this.#heardMs.keys()];
  }
}
