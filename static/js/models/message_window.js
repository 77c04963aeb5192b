/**
 * The part of a room's messages that a page holds: no gaps, bounded, in order of their numbers.
 * Detached, it ends before the room's last message; what comes then is counted only.
 */
export class MessageWindow {
  entries = [];
  hasOlder;
  isDetached = false;
  /** The number from which on it lacks nothing. */
  low;
  /** The number up to which it lacks nothing, while detached. */
  high = Infinity;
  #seenTo = 0;
  #beyond = 0;

  constructor({ low = 0, hasOlder = false } = {}) {
    this.low = low;
    this.hasOlder = hasOlder;
  }

  /** How many of others' messages came below what the reader has seen. */
  get unseen() {
    return this.entries.filter((entry) => this.#isUnseen(entry)).length + this.#beyond;
  }

  /** What it holds counts as seen; or all up to a number, also what it does not hold. */
  see(number = this.entries.at(-1)?.id ?? 0) {
    this.#seenTo = Math.max(this.#seenTo, number);
  }

  /** Keeps an entry where it belongs. One beyond the window's end counts as unseen, if it is new. */
  insert(entry, isNew) {
    if (entry.id < this.low && this.hasOlder) return;
    if (entry.id > this.high) {
      if (isNew && !entry.mine) this.#beyond += 1;
      return;
    }
    let place = this.entries.length;
    while (place > 0 && this.entries[place - 1].id > entry.id) place -= 1;
    if (this.entries[place - 1]?.id !== entry.id) this.entries.splice(place, 0, entry);
  }

  remove(number) {
    this.entries = this.entries.filter(({ id }) => id !== number);
  }

  /** Older `entries` came; the window begins at number `low` now, and there may be more before it. */
  extendUp(entries, low, hasOlder) {
    this.low = low;
    this.hasOlder = hasOlder;
    for (const entry of entries) this.insert(entry, false);
  }

  /** Newer `entries` came; the window, detached before, ends at number `high` now, and there may be more after it. */
  extendDown(entries, high, more) {
    this.isDetached = more;
    this.high = more ? high : Infinity;
    this.#beyond = more ? Math.max(0, this.#beyond - entries.filter((entry) => this.#isUnseen(entry)).length) : 0;
    for (const entry of entries) this.insert(entry, false);
  }

  /** Drops what exceeds `limit`, the oldest or, detaching, the newest. */
  trim(limit, keeps) {
    const excess = this.entries.length - limit;
    if (excess <= 0) return;
    if (keeps === "newest") {
      this.entries.splice(0, excess);
      this.low = this.entries[0].id;
      this.hasOlder = true;
      return;
    }
    const dropped = this.entries.splice(limit);
    this.#beyond += dropped.filter((entry) => this.#isUnseen(entry)).length;
    this.isDetached = true;
    this.high = this.entries.at(-1).id;
  }

  #isUnseen({ id, mine }) {
    return id > this.#seenTo && !mine;
  }
}
