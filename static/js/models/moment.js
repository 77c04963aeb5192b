/** A moment is `{device, metric, at}`: a place on a chart that somebody points at; `at` in Unix milliseconds. */

const AROUND_MS = 150_000;
const SETTLES_MS = 5_000;
const NEAR_MS = 5_000;
const NEAR_STEPS = 1.5;

/** Of what came over the wire, the moment in it, or null. */
export function momentOf(about) {
  const isOne = typeof about?.device === "string" && typeof about.metric === "string" && Number.isSafeInteger(about.at);
  return isOne ? { device: about.device, metric: about.metric, at: about.at } : null;
}

export function momentKey({ device, metric, at }) {
  return JSON.stringify([device, metric, at]);
}

/** The five minutes around it, as `{from, to}`. */
export function momentWindow({ at }) {
  return { from: at - AROUND_MS, to: at + AROUND_MS };
}

/** When all that will be read around it is there. */
export function settledAt(moment) {
  return momentWindow(moment).to + SETTLES_MS;
}

/** Where its chart stands, with the moment to be ringed; `telemetryUrl` is the dashboard's address. */
export function momentUrl(telemetryUrl, moment) {
  const { device, metric, at } = moment;
  const { from, to } = momentWindow(moment);
  const page = `${telemetryUrl}device/${encodeURIComponent(device)}/`;
  return `${page}?from=${from}&to=${to}#moment=${encodeURIComponent(metric)}~${at}`;
}

/**
 * The moment that an address names on the page of `device`, or null: with `#about=<metric>~<at>` one to be talked
 * about, with `#moment=<metric>~<at>` one to be seen; `name` is the first word.
 */
export function readMomentHash(hash, device, name = "about") {
  const said = new URLSearchParams(hash.replace(/^#/u, "")).get(name) ?? "";
  const end = said.lastIndexOf("~");
  const at = Number(said.slice(end + 1) || NaN);
  return device && end > 0 && at > 0 ? momentOf({ device, metric: said.slice(0, end), at }) : null;
}

/** The number in `#message-<number>`, or 0. */
export function readMessageHash(hash) {
  return Number(/^#message-(\d{1,15})$/u.exec(hash)?.[1] ?? 0);
}

const PANELS = new Map([["", "chart"], ["chart", "chart"], ["moment", "chart"], ["room", "room"], ["about", "room"], ["message", "room"]]);

/** Which panel of a device's page an address shows: "chart" or "room"; "" where it names neither. */
export function panelOf(hash) {
  return PANELS.get(/^#?(\w*)(?:[-=]|$)/u.exec(hash)?.[1]) ?? "";
}

/** The value of `Points` at a moment, or null where nothing was read close to it. */
export function valueAt(points, { at }) {
  const after = points.indexFrom(at);
  const [index] = [after - 1, after]
    .filter((place) => place >= 0 && place < points.length)
    .sort((one, other) => Math.abs(points.at[one] - at) - Math.abs(points.at[other] - at));
  if (index === undefined) return null;
  const nearMs = Math.max(NEAR_MS, points.slotMs, NEAR_STEPS * points.stepMs());
  return Math.abs(points.at[index] - at) <= nearMs ? points.mean[index] : null;
}
