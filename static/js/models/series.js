export const SPAN_LIMIT_MS = 16 * 60_000;
export const POINTS_LIMIT = 2_000;

/** Joins points `[at, value]` by time; of two with one `at` the first stays. */
export function mergePoints(known, more) {
  const byAt = new Map(known);
  for (const [at, value] of more) if (!byAt.has(at)) byAt.set(at, value);
  return [...byAt].sort((a, b) => a[0] - b[0]);
}

/** A bounded series of points `[at, value]` in which the past and the present meet, and which can be held still. */
export class SeriesWindow {
  waiting = 0;
  pausedAt = null;
  #live = [];
  #held = [];

  constructor(points = []) {
    this.add(points);
  }

  /** Live points or a fetched past, in any order; returns how many were new. */
  add(points) {
    const before = new Set(this.#live.map(([at]) => at));
    const fresh = points.filter(([at]) => !before.has(at));
    if (fresh.length === 0) return 0;
    const edge = Math.max(this.#live.at(-1)?.[0] ?? -Infinity, ...fresh.map(([at]) => at));
    if (this.pausedAt !== null) this.#hold(fresh);
    this.#live = mergePoints(this.#live, fresh)
      .filter(([at]) => at > edge - SPAN_LIMIT_MS)
      .slice(-POINTS_LIMIT);
    return fresh.length;
  }

  /** Holds the view still, with `at` as its right edge; what comes later waits. */
  pause(at = this.newestAt) {
    this.pausedAt = Math.min(at, this.newestAt ?? at);
    this.#held = this.#live.filter(([pointAt]) => pointAt <= this.pausedAt);
    this.waiting = this.#live.length - this.#held.length;
  }

  resume() {
    this.pausedAt = null;
    this.#held = [];
    this.waiting = 0;
  }

  get newestAt() {
    return this.#live.at(-1)?.[0] ?? null;
  }

  /** The right edge of the view, in the server's time. */
  get edge() {
    return this.pausedAt ?? this.newestAt;
  }

  /** The points of the last `spanMs` up to the edge, both ends included. */
  view(spanMs) {
    const points = this.pausedAt === null ? this.#live : this.#held;
    return points.filter(([at]) => at >= this.edge - spanMs && at <= this.edge);
  }

  #hold(fresh) {
    const past = fresh.filter(([at]) => at <= this.pausedAt);
    this.#held = mergePoints(this.#held, past).slice(-POINTS_LIMIT);
    this.waiting += fresh.length - past.length;
  }
}

/** `{min, mean, max}` of points, or null when there are none. */
export function summarise(points) {
  if (points.length === 0) return null;
  const values = points.map(([, value]) => value);
  const sum = values.reduce((total, value) => total + value, 0);
  return { min: Math.min(...values), mean: sum / values.length, max: Math.max(...values) };
}
