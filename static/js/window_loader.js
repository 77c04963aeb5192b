import { AHEAD_MS } from "./models/viewport.js";
import { chunkDevices } from "./models/chart_groups.js";

/** The server answers for 200 series at once; a request stays well below, and so does its address. */
const SERIES_LIMIT = 200;
const SERIES_A_REQUEST = 100;
const MARGIN = 0.02;
const MARGIN_LEAST_MS = 2_500;
const SERVER_LAG_MS = 1_000;
const REFETCH_LEAST_MS = 60_000;

/** Fetches what the view shows and hands it to the telemetry: the window while it is live, else the held range. */
export class WindowLoader {
  #api;
  #telemetry;
  #devices;
  #clock;
  #asked = null;
  #bucketMs = 0;

  constructor({ api, telemetry, devices, clock }) {
    this.#api = api;
    this.#telemetry = telemetry;
    this.#devices = devices;
    this.#clock = clock;
  }

  /** Whether the window of that device was fetched. */
  hasPast(slug) {
    return this.#asked === null || this.#asked.includes(slug);
  }

  /** When the window is worth fetching again: live readings behind buckets only come near to them. */
  get refetchAfterMs() {
    return this.#bucketMs === 0 ? Infinity : Math.max(REFETCH_LEAST_MS, this.#bucketMs);
  }

  /** Whom to ask for where `devices` are chosen (none: all): null for all while those are few, else who has a place on a chart. */
  devicesToAsk({ devices, lines }) {
    if (devices.length > 0) return devices;
    const isFew = this.#telemetry.lines.size <= SERIES_LIMIT;
    return isFew ? null : [...new Set(lines.map(({ device }) => device))];
  }

  async loadDevices() {
    this.takeDevices(await this.#api.devices());
  }

  /** Names, intervals and latest readings of all devices, and the server's time. */
  takeDevices({ now, devices }) {
    this.#clock.observe(now);
    this.#devices.load(devices);
    for (const { device, metrics } of devices) {
      for (const { metric, unit, at, value } of metrics) {
        const line = this.#telemetry.line(device, metric, unit);
        if (at !== null) line.learn(at, value);
      }
    }
  }

  /** Of `view` the `devices` (none: all); `lines` are those that have a place on a chart. Nothing is taken when the view has moved on meanwhile. */
  async loadWindow({ view, devices, lines }) {
    const { wish } = view;
    const asked = this.devicesToAsk({ devices, lines });
    if (!view.isHeld) this.#telemetry.expectHistory();
    const range = this.#rangeToFetch(view);
    const [series, ahead] = await Promise.all([
      this.#fetch(asked, range, lines),
      view.isHeld ? [] : this.#fetchAhead(asked, range.until),
    ]);
    if (wish !== view.wish) return;
    const weightOf = ({ device, bucket }) => Math.max(1, bucket / (this.#devices.intervalMs(device) || bucket || 1));
    this.#asked = asked;
    this.#bucketMs = Math.max(0, ...series.map(({ bucket }) => bucket));
    if (view.isHeld) this.#telemetry.loadHeld(series, asked, weightOf);
    else this.#telemetry.load(series, asked, weightOf);
    this.#telemetry.receive(ahead);
  }

  /** A little more than is seen, so that lines enter the picture. */
  #rangeToFetch(view) {
    const nowMs = this.#clock.nowMs();
    const { from, to } = view.range(nowMs);
    const since = from - Math.max(MARGIN * (to - from), MARGIN_LEAST_MS);
    return { since, until: view.isHeld ? to + 1 : nowMs + SERVER_LAG_MS };
  }

  /** Readings from `since` on, of devices whose clocks are ahead: their time will come, and nobody sends them again. */
  async #fetchAhead(asked, since) {
    const isAhead = ({ device, at }) => at > since && (asked === null || asked.includes(device));
    const lines = [...this.#telemetry.lines.values()].filter(isAhead);
    if (lines.length === 0) return [];
    const devices = [...new Set(lines.map(({ device }) => device))];
    const series = await this.#fetch(devices, { since, until: since + AHEAD_MS }, lines);
    const readingsOf = ({ points, ...line }) => points.map(([at, data]) => ({ ...line, at, data }));
    return series.flatMap(readingsOf);
  }

  async #fetch(asked, range, shown) {
    if (asked === null) return this.#api.readings({ devices: null, ...range });
    const linesOf = (slug) => [...this.#telemetry.lines.values()].filter(({ device }) => device === slug);
    const chunks = chunkDevices(asked, (slug) => linesOf(slug).length, SERIES_A_REQUEST);
    const requests = chunks.map((devices) => {
      const isTooMuch = devices.length === 1 && linesOf(devices[0]).length > SERIES_LIMIT;
      const own = shown.filter(({ device }) => device === devices[0]).map(({ metric }) => metric);
      return this.#api.readings({ devices, metrics: isTooMuch ? own : [], ...range });
    });
    return (await Promise.all(requests)).flat();
  }
}
