export const POINTS_LIMIT = 1_200;
export const SLOTS = 600;
const FIRST_ROOM = 16;
const COLUMNS = ["at", "mean", "low", "high", "weight"];
const STEPS_WATCHED = 21;

/**
 * Points of one line in the order of time, as flat columns, never more than POINTS_LIMIT of them.
 * A point is a single reading, or stands for all readings of a slot of `slotMs` (mean, low, high), so that a
 * spike stays visible however many readings come. What overflows is thinned into slots by itself.
 */
export class Points {
  length = 0;
  /** 0 while every point is a single reading. */
  slotMs;
  newestAt = -Infinity;
  /** A reading came too late to be placed: only a fetch can show it. */
  isBehind = false;

  constructor(slotMs = 0) {
    this.slotMs = slotMs;
    for (const name of COLUMNS) this[name] = new Float64Array(FIRST_ROOM);
  }

  /** From `points` `[at, value]` or `[at, mean, min, max]`, sorted; `weight` is how many readings a bucket may hold. */
  static fromHistory({ bucket, points }, weight = 1) {
    const made = new Points(bucket);
    for (const [at, mean, low = mean, high = mean] of points) {
      made.#push(at, mean, low, high, weight);
    }
    return made;
  }

  /** Takes one reading; false when it is a double (the first stays) or comes too late. */
  add(at, value) {
    if (this.slotMs > 0) return this.#addToSlot(at, value);
    if (at > this.newestAt) this.#push(at, value, value, value, 1);
    else if (!this.#insert(at, value)) return false;
    if (this.length > POINTS_LIMIT) this.#thin();
    return true;
  }

  /** The index of the first point not before `at`; `length` when there is none. */
  indexFrom(at) {
    let [low, high] = [0, this.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.at[middle] < at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Forgets what lies before `at`, except the last such point, from which the line enters the picture. */
  dropBefore(at) {
    const dropped = this.indexFrom(at) - 1;
    if (dropped <= 0) return;
    for (const name of COLUMNS) this[name].copyWithin(0, dropped, this.length);
    this.length -= dropped;
  }

  clone() {
    const made = new Points(this.slotMs);
    made.length = this.length;
    made.newestAt = this.newestAt;
    for (const name of COLUMNS) made[name] = this[name].slice();
    return made;
  }

  /** The usual time between two points, from the newest of them; 0 where there are too few to say. */
  stepMs() {
    const from = Math.max(1, this.length - STEPS_WATCHED);
    const steps = Array.from({ length: this.length - from }, (_, index) => this.at[from + index] - this.at[from + index - 1]);
    return steps.length < 2 ? 0 : steps.sort((a, b) => a - b)[steps.length >> 1];
  }

  /** `{min, mean, max, count}` of the points from `from` to `to`, both included, or null when there are none. */
  summary(from, to) {
    let [min, max, sum, weight] = [Infinity, -Infinity, 0, 0];
    for (let index = this.indexFrom(from); index < this.length && this.at[index] <= to; index += 1) {
      min = Math.min(min, this.low[index]);
      max = Math.max(max, this.high[index]);
      sum += this.mean[index] * this.weight[index];
      weight += this.weight[index];
    }
    return weight > 0 ? { min, mean: sum / weight, max, count: weight } : null;
  }

  #addToSlot(at, value) {
    if (at <= this.newestAt) {
      this.isBehind ||= at < this.newestAt;
      return false;
    }
    const last = this.length - 1;
    if (last >= 0 && at < this.at[last] + this.slotMs) this.#fold(last, value, value, value, 1);
    else this.#push(Math.floor(at / this.slotMs) * this.slotMs, value, value, value, 1);
    this.newestAt = at;
    if (this.length > POINTS_LIMIT) this.#thin();
    return true;
  }

  #push(at, mean, low, high, weight) {
    this.#makeRoom();
    this.#set(this.length, at, mean, low, high, weight);
    this.length += 1;
    this.newestAt = Math.max(this.newestAt, at);
  }

  #insert(at, value) {
    const index = this.indexFrom(at);
    if (this.at[index] === at) return false;
    this.#makeRoom();
    for (const name of COLUMNS) this[name].copyWithin(index + 1, index, this.length);
    this.#set(index, at, value, value, value, 1);
    this.length += 1;
    return true;
  }

  #set(index, at, mean, low, high, weight) {
    this.at[index] = at;
    this.mean[index] = mean;
    this.low[index] = low;
    this.high[index] = high;
    this.weight[index] = weight;
  }

  #fold(index, mean, low, high, weight) {
    const total = this.weight[index] + weight;
    this.mean[index] += ((mean - this.mean[index]) * weight) / total;
    this.low[index] = Math.min(this.low[index], low);
    this.high[index] = Math.max(this.high[index], high);
    this.weight[index] = total;
  }

  /** Joins the points of each slot into one; a slot is wide enough that at most half the limit is left. */
  #thin() {
    this.slotMs = Math.max(Math.ceil((this.at[this.length - 1] - this.at[0]) / SLOTS), 2 * this.slotMs);
    let kept = -1;
    for (let index = 0; index < this.length; index += 1) {
      const at = Math.floor(this.at[index] / this.slotMs) * this.slotMs;
      const [mean, low, high, weight] = [this.mean[index], this.low[index], this.high[index], this.weight[index]];
      if (kept >= 0 && this.at[kept] === at) this.#fold(kept, mean, low, high, weight);
      else this.#set((kept += 1), at, mean, low, high, weight);
    }
    this.length = kept + 1;
  }

  #makeRoom() {
    const room = this.at.length;
    if (this.length < room) return;
    for (const name of COLUMNS) {
      const wider = new Float64Array(2 * room);
      wider.set(this[name]);
      this[name] = wider;
    }
  }
}
