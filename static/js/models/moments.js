import { lineKey } from "./telemetry.js";

export const LINE_PINS_LIMIT = 1_000;
const ALARMS_LIMIT = 1_000;

const messageKey = ({ room, message }) => `${room}#${message.id}`;
const isGathered = ({ count }) => count > 1;

/** The first index in `pins` whose pin is later than `at`. */
function indexAfter(pins, at) {
  let [low, high] = [0, pins.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (pins[middle].at <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** What is known of an alarm from two tellings that may overtake each other: neither cleared nor acknowledged is taken back. */
export function joinAlarm(known, told) {
  return {
    ...told,
    cleared: told.cleared ?? known?.cleared ?? null,
    acknowledged: told.acknowledged ?? known?.acknowledged ?? null,
  };
}

/**
 * What people and alarms said on the data of the window: pins and alarms (docs/protocol.md, Moments), fetched and live.
 * A pin `{device, metric, at, until, count, room, message}` stands for one message or, fetched, for `count` of them.
 */
export class Moments {
  /** Another number with each change, so that who draws knows what to keep. */
  revision = 0;
  #pins = new Map();
  #places = new Map();
  #alarms = new Map();
  #caught = null;
  #isBehind = false;

  /** From here on what comes live is remembered until `load`: the answer may not hold it. */
  expect() {
    this.#caught = [];
  }

  /** Replaces all by the answer `{pins, alarms}` of a window, and puts what came meanwhile on top. */
  load({ pins, alarms }) {
    const caught = this.#caught ?? [];
    const known = this.#alarms;
    this.#caught = null;
    this.#pins = new Map();
    this.#places = new Map();
    this.#alarms = new Map();
    for (const pin of pins) this.#add(pin);
    for (const alarm of alarms) this.#keepAlarm(joinAlarm(known.get(alarm.id), alarm));
    for (const frame of caught) this.#take(frame);
    this.revision += 1;
  }

  /** Takes a frame; whether it changed anything. */
  receive(frame) {
    this.#caught?.push(frame);
    if (!this.#take(frame)) return false;
    this.revision += 1;
    return true;
  }

  /** The pins of a line, by time. */
  pinsOf(key) {
    return this.#pins.get(key) ?? [];
  }

  /** The alarms of lines. */
  alarmsOf(keys) {
    return [...this.#alarms.values()].filter(({ device, metric }) => keys.includes(lineKey(device, metric)));
  }

  /** Something was deleted that a gathered pin may count; asking forgets it. */
  takeBehind() {
    const isBehind = this.#isBehind;
    this.#isBehind = false;
    return isBehind;
  }

  #take(frame) {
    if (frame.type === "pin") return this.#add(frame.pin);
    if (frame.type === "unpin") return this.#remove(frame);
    if (frame.type !== "alarm") return false;
    this.#keepAlarm(joinAlarm(this.#alarms.get(frame.alarm.id), frame.alarm));
    return true;
  }

  #add(pin) {
    const place = lineKey(pin.device, pin.metric);
    const pins = this.#pins.get(place) ?? [];
    if (this.#places.has(messageKey(pin)) || pins.some((other) => isWithin(pin, other))) return false;
    this.#pins.set(place, pins);
    this.#places.set(messageKey(pin), place);
    pins.splice(indexAfter(pins, pin.at), 0, pin);
    if (pins.length > LINE_PINS_LIMIT) this.#places.delete(messageKey(pins.shift()));
    return true;
  }

  #remove({ room, id }) {
    const key = messageKey({ room, message: { id } });
    const pins = this.#pins.get(this.#places.get(key)) ?? [];
    const index = pins.findIndex((pin) => messageKey(pin) === key);
    if (index < 0 || isGathered(pins[index])) {
      this.#isBehind ||= this.#mayCount(room, id);
      return false;
    }
    pins.splice(index, 1);
    this.#places.delete(key);
    return true;
  }

  #mayCount(room, id) {
    const couldCount = (pin) => isGathered(pin) && (pin.room !== room || pin.message.id >= id);
    return [...this.#pins.values()].some((pins) => pins.some(couldCount));
  }

  #keepAlarm(alarm) {
    this.#alarms.set(alarm.id, alarm);
    if (this.#alarms.size > ALARMS_LIMIT) this.#alarms.delete(this.#alarms.keys().next().value);
  }
}

/** Whether a gathered pin of the same line counts this one already: messages are numbered in the order in which they came. */
function isWithin(pin, other) {
  const isAtSameTime = other.at <= pin.at && pin.at <= other.until;
  return isGathered(other) && isAtSameTime && other.room === pin.room && pin.message.id <= other.message.id;
}
