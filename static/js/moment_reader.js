import { Points } from "./models/points.js";
import { momentKey, momentWindow, settledAt, valueAt } from "./models/moment.js";

const AT_ONCE = 3;
const KEPT = 200;

/**
 * What was read around moments: `{points, value, unit}`, `value` null where nothing was read close by; null for what
 * could not be fetched. A few requests at a time, one a moment, and one more once its window is over; the latest
 * answers are kept.
 */
export class MomentReader {
  #api;
  #kept = new Map();
  #waiting = [];
  #running = 0;
  #nowMs;

  /** `api`: a TelemetryApi. */
  constructor(api, nowMs = () => Date.now()) {
    this.#api = api;
    this.#nowMs = nowMs;
  }

  read(moment) {
    const key = momentKey(moment);
    const isSettled = this.#nowMs() >= settledAt(moment);
    const known = this.#kept.get(key);
    const isGood = known && (known.isSettled || !isSettled);
    const kept = isGood ? known : { answer: this.#queue(moment, key), isSettled };
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value);
    return kept.answer;
  }

  #queue(moment, key) {
    return new Promise((resolve) => {
      this.#waiting.push({ moment, key, resolve });
      this.#next();
    });
  }

  async #next() {
    if (this.#running >= AT_ONCE || this.#waiting.length === 0) return;
    const { moment, key, resolve } = this.#waiting.shift();
    this.#running += 1;
    const answer = await this.#fetch(moment).catch(() => null);
    if (!answer) this.#kept.delete(key);
    resolve(answer);
    this.#running -= 1;
    this.#next();
  }

  async #fetch(moment) {
    const { device, metric } = moment;
    const { from, to } = momentWindow(moment);
    const series = await this.#api.readings({ devices: [device], metrics: [metric], since: from, until: to + 1 });
    const found = series.find((one) => one.device === device && one.metric === metric);
    const points = found ? Points.fromHistory(found) : new Points();
    return { points, value: valueAt(points, moment), unit: found?.unit ?? "" };
  }
}
