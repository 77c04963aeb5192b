const SILENT_AFTER_INTERVALS = 2.5;
/** What is assumed of a device whose interval nobody knows yet, as the server does. */
export const UNKNOWN_INTERVAL_MS = 600_000;
const SLOTS_MISSED = 1.5;
const OURS = ["random", "host"];

/** Whether it is people's own, not the server's. */
export const isOwn = (slug) => !OURS.includes(slug);

/** Names and intervals of the devices, as the server knows them, in the order in which they are shown. */
export class DeviceList {
  /** The one device of a page of its own, else "". */
  only;
  #devices = new Map();

  constructor(only = "") {
    this.only = only;
  }

  /** The `devices` of the server's answer replace what was known. */
  load(devices) {
    this.#devices = new Map(devices.map((device) => [device.device, device]));
  }

  get(slug) {
    return this.#devices.get(slug) ?? { device: slug, name: slug, interval: null, state: "online", at: null, metrics: [] };
  }

  has(slug) {
    return this.#devices.has(slug);
  }

  nameOf(slug) {
    return this.get(slug).name || slug;
  }

  /** How often a device sends, in milliseconds; 0 where nobody knows. */
  intervalMs(slug) {
    return (this.get(slug).interval ?? 0) * 1000;
  }

  /** When a device was last heard, by the server or in those of `lines` that are its own; null for never. */
  newestAt(slug, lines) {
    const own = lines.filter(({ device }) => device === slug);
    return own.reduce((newest, { at }) => (at !== null && at > (newest ?? -Infinity) ? at : newest), this.get(slug).at);
  }

  /** What the server knows and what was heard meanwhile: ours first, then by name. */
  slugs(heard = []) {
    const rank = (slug) => (OURS.includes(slug) ? OURS.indexOf(slug) : OURS.length);
    const byName = (a, b) => this.nameOf(a).localeCompare(this.nameOf(b), [], { numeric: true });
    return [...new Set([...this.#devices.keys(), ...heard])].sort((a, b) => rank(a) - rank(b) || byName(a, b));
  }

  /** "never", "silent" (beyond 2.5 intervals) or "online", from the newest reading `at`. */
  stateOf(slug, at, nowMs) {
    if (at === null) return "never";
    const intervalMs = this.intervalMs(slug) || UNKNOWN_INTERVAL_MS;
    return nowMs - at > SILENT_AFTER_INTERVALS * intervalMs ? "silent" : "online";
  }
}

/** How long a silence between two points may be before the line breaks; endless where nobody can know. */
export function gapMs(points, intervalMs) {
  const usualMs = Math.max(intervalMs, points.stepMs());
  if (usualMs > points.slotMs) return SILENT_AFTER_INTERVALS * usualMs;
  return points.slotMs > 0 ? SLOTS_MISSED * points.slotMs : Infinity;
}
