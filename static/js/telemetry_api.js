import { answerOf } from "./http.js";
import { withQuery } from "./models/view_state.js";

const POINTS = 500;
const PINS = 200;

/** A device that the server does not know, or no longer, has no readings: that is no failure. */
function noneOfUnknown(error) {
  if (error.status === 404) return { series: [] };
  throw error;
}

/** The HTTP side of the telemetry pages: the past, the devices, the version. A view token goes along with each request. */
export class TelemetryApi {
  #urls;

  /** `urls`: {readingsUrl, devicesUrl, versionUrl, momentsUrl, alarmsUrl, acknowledgeUrl}, the last with a 0 for the alarm's number. */
  constructor(urls) {
    this.#urls = urls;
  }

  /** The series of `devices` (null: of all) and `metrics` (none: all) from `since` (included) to `until` (excluded). */
  async readings({ devices, metrics = [], since, until }) {
    const named = metrics.map((metric) => ["metric", metric]);
    const query = [...this.#range(devices, since, until), ...named, ["points", POINTS]];
    const answer = await answerOf(withQuery(this.#urls.readingsUrl, query, location.search)).catch(noneOfUnknown);
    return answer.series;
  }

  csvUrl({ devices, since, until }) {
    return withQuery(this.#urls.readingsUrl, [...this.#range(devices, since, until), ["format", "csv"]], location.search);
  }

  /** `{now, devices}`. */
  devices() {
    return answerOf(withQuery(this.#urls.devicesUrl, [], location.search));
  }

  /** `{pins, alarms}` of `devices` (null: of all) from `since` to `until`; a metric has no more than PINS pins, gathered. */
  moments({ devices, since, until }) {
    const query = [...this.#range(devices, since, until), ["points", PINS]];
    return answerOf(withQuery(this.#urls.momentsUrl, query, location.search));
  }

  /** `{now, alarms}`: the open ones of all devices. */
  alarms() {
    return answerOf(withQuery(this.#urls.alarmsUrl, [], location.search));
  }

  /** `{alarm}`, as it is now. `username` is what a guest chose to be called, or "". */
  acknowledge(id, username, csrfToken) {
    const form = new URLSearchParams({ username });
    return answerOf(this.#urls.acknowledgeUrl.replace("/0/", `/${id}/`), { method: "POST", form, csrfToken });
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
