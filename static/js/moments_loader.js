import { AHEAD_MS } from "./models/viewport.js";

/** As many names as fit into an address that every proxy takes; where there are more, all are asked for. */
const DEVICES_NAMED = 50;

/** Fetches what was said on what the view shows, and the alarms that are open. */
export class MomentsLoader {
  #api;
  #moments;
  #openAlarms;
  #clock;

  constructor({ api, moments, openAlarms, clock }) {
    this.#api = api;
    this.#moments = moments;
    this.#openAlarms = openAlarms;
    this.#clock = clock;
  }

  /** Of `view` the `devices` (null: all), in one request. Nothing is taken when the view has moved on meanwhile. */
  async loadWindow(view, devices) {
    const { wish } = view;
    const { from, to } = view.range(this.#clock.nowMs());
    this.#moments.expect();
    const named = devices?.length > DEVICES_NAMED ? null : devices;
    const answer = await this.#api.moments({ devices: named, since: from, until: view.isHeld ? to + 1 : to + AHEAD_MS });
    if (wish === view.wish) this.#moments.load(answer);
  }

  /** The open alarms of all devices; gives those that nobody here knew. */
  async loadAlarms() {
    this.#openAlarms.expect();
    const { now, alarms } = await this.#api.alarms();
    this.#clock.observe(now);
    return this.#openAlarms.load(alarms);
  }
}
