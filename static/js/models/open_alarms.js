import { joinAlarm } from "./moments.js";

const ENDED_KEPT = 200;

/** Every alarm that is not over yet, of all devices, fetched and live. */
export class OpenAlarms {
  #alarms = new Map();
  #ended = new Map();
  #caught = null;

  /** From here on what comes live is remembered until `load`. */
  expect() {
    this.#caught = [];
  }

  /** Replaces all by what was fetched; what came meanwhile counts more. Gives those that nobody here knew. */
  load(alarms) {
    const known = this.#alarms;
    const caught = this.#caught ?? [];
    this.#caught = null;
    this.#alarms = new Map();
    for (const alarm of alarms) this.#keep(joinAlarm(known.get(alarm.id) ?? this.#ended.get(alarm.id), alarm));
    for (const alarm of caught) this.#keep(joinAlarm(this.#alarms.get(alarm.id), alarm));
    return this.list().filter(({ id }) => !known.has(id));
  }

  /** Takes an alarm's present state; whether it is one that was not open here before. */
  receive(alarm) {
    this.#caught?.push(alarm);
    const isKnown = this.#alarms.has(alarm.id);
    this.#keep(joinAlarm(this.#alarms.get(alarm.id) ?? this.#ended.get(alarm.id), alarm));
    return !isKnown && this.#alarms.has(alarm.id);
  }

  /** Newest first; of `device` alone where one is named. */
  list(device = "") {
    const all = [...this.#alarms.values()].filter((alarm) => !device || alarm.device === device);
    return all.sort((a, b) => b.raised - a.raised || b.id - a.id);
  }

  #keep(alarm) {
    this.#alarms.delete(alarm.id);
    if (alarm.cleared === null) {
      this.#alarms.set(alarm.id, alarm);
      return;
    }
    // A late telling of its beginning must not open it again.
    this.#ended.set(alarm.id, alarm);
    if (this.#ended.size > ENDED_KEPT) this.#ended.delete(this.#ended.keys().next().value);
  }
}
