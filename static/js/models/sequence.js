const AHEAD_LIMIT = 1_000;

/** Which of a room's events are known. They are numbered 1, 2, 3, …: all up to `have`, and some ahead of a hole. */
export class Sequence {
  #have;
  #ahead = new Set();

  constructor(have = 0) {
    this.#have = have;
  }

  get have() {
    return this.#have;
  }

  /** The last number that came. */
  get newest() {
    return Math.max(this.#have, ...this.#ahead);
  }

  get hasHole() {
    return this.#ahead.size > 0;
  }

  has(number) {
    return number <= this.#have || this.#ahead.has(number);
  }

  /** One event came. Of too many ahead the rest is forgotten; filling the hole brings them again. */
  add(number) {
    if (this.has(number)) return;
    if (number === this.#have + 1) this.reach(number);
    else if (this.#ahead.size < AHEAD_LIMIT) this.#ahead.add(number);
  }

  /** Everything up to `number` came; what is missing there was deleted. */
  reach(number) {
    if (number <= this.#have) return;
    this.#have = number;
    for (const known of this.#ahead) if (known <= number) this.#ahead.delete(known);
    while (this.#ahead.delete(this.#have + 1)) this.#have += 1;
  }
}
