/** Remembers at most `limit` values; the oldest are forgotten first. */
export class BoundedSet {
  #values = new Set();
  #limit;

  constructor(limit) {
    this.#limit = limit;
  }

  has(value) {
    return this.#values.has(value);
  }

  add(value) {
    this.#values.add(value);
    if (this.#values.size > this.#limit) this.#values.delete(this.#values.values().next().value);
  }
}
