import { answerOf } from "./http.js";
import { withQuery } from "./models/view_state.js";

const POINTS = 500;

/** The HTTP side of the telemetry pages: the past, the devices, the version. A view token goes along with each request. */
export class TelemetryApi {
  #urls;

  /** `urls`: {readingsUrl, devicesUrl, versionUrl}. */
  constructor(urls) {
    this.#urls = urls;
  }

  /** The series of `devices` (null: of all) and `metrics` (none: all) from `since` (included) to `until` (excluded). */
  async readings({ devices, metrics = [], since, until }) {
    const named = metrics.map((metric) => ["metric", metric]);
    const query = [...this.#range(devices, since, until), ...named, ["points", POINTS]];
    return (await answerOf(withQuery(this.#urls.readingsUrl, query, location.search))).series;
  }

  csvUrl({ devices, since, until }) {
    return withQuery(this.#urls.readingsUrl, [...this.#range(devices, since, until), ["format", "csv"]], location.search);
  }

  /** `{now, devices}`. */
  devices() {
    return answerOf(withQuery(this.#urls.devicesUrl, [], location.search));
  }

  async version() {
    return (await answerOf(withQuery(this.#urls.versionUrl, [], location.search))).version;
  }

  /** Makes a device; `{device, name, token, examples}`, the token for the only time. */
  addDevice(name, csrfToken) {
    return answerOf(this.#urls.devicesUrl, { method: "POST", body: { name }, csrfToken });
  }

  #range(devices, since, until) {
    const named = (devices ?? []).map((device) => ["device", device]);
    return [...named, ["since", Math.floor(since)], ["until", Math.ceil(until)]];
  }
}
