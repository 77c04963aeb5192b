import { Points } from "./models/points.js";
import { momentKey, momentWindow, valueAt } from "./models/moment.js";

const AT_ONCE = 3;
const KEPT = 200;

/**
 * What was read around moments: `{points, value, unit}`, `value` null where nothing was read close by; null for what
 * could not be fetched. A few requests at a time, one a moment; the latest answers are kept.
 */
export class MomentReader {
  #api;
  #kept = new Map();
  #waiting = [];
  #running = 0;

  /** `api`: a TelemetryApi. */
  constructor(api) {
    this.#api = api;
  }

  read(moment) {
    const key = momentKey(moment);
    const answer = this.#kept.get(key) ?? this.#queue(moment, key);
    this.#kept.delete(key);
    this.#kept.set(key, answer);
    if (this.#kept.size > KEPT) this.#kept.delete(this.#kept.keys().next().value);
    return answer;
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
