import { DAY_MS, HOUR_MS, MINUTE_MS } from "./time_units.js";

export const WINDOWS_MS = {
  "1m": MINUTE_MS,
  "5m": 5 * MINUTE_MS,
  "15m": 15 * MINUTE_MS,
  "1h": HOUR_MS,
  "24h": DAY_MS,
  "7d": 7 * DAY_MS,
  "30d": 30 * DAY_MS,
};
const DEFAULT_WINDOW = "1m";
const HIDDEN_LIMIT = 300;

function timeOf(query, name) {
  const at = Number(query.get(name));
  return Number.isSafeInteger(at) && at > 0 ? at : null;
}

function zoomedOf(query) {
  const [from, to] = [timeOf(query, "from"), timeOf(query, "to")];
  return from !== null && to !== null && from < to ? { from, to } : null;
}

/** What a link shows: `{window, pausedAt, zoomed, devices, hidden}`; what does not parse falls back to the live minute. */
export function readViewState(search) {
  const query = new URLSearchParams(search);
  const window = query.get("window");
  return {
    window: Object.hasOwn(WINDOWS_MS, window ?? "") ? window : DEFAULT_WINDOW,
    pausedAt: timeOf(query, "paused"),
    zoomed: zoomedOf(query),
    devices: [...new Set(query.getAll("device"))].filter((device) => device && device !== "*"),
    hidden: new Set(query.getAll("hide").slice(0, HIDDEN_LIMIT)),
  };
}

/** The query string of a view, keeping every other parameter. */
export function writeViewState(search, { window, pausedAt, zoomed = null, devices = [], hidden = new Set() }) {
  const query = new URLSearchParams(search);
  for (const name of ["window", "paused", "from", "to", "device", "hide"]) query.delete(name);
  if (window !== DEFAULT_WINDOW) query.set("window", window);
  if (pausedAt !== null) query.set("paused", String(pausedAt));
  if (zoomed) {
    query.set("from", String(zoomed.from));
    query.set("to", String(zoomed.to));
  }
  devices.forEach((device) => query.append("device", device));
  hidden.forEach((key) => query.append("hide", key));
  const text = query.toString();
  return text ? `?${text}` : "";
}

/** The address of the same time on another page. It asks for sound as this one does, but is no wall: who follows a link is at a desk. */
export function sameView(path, search, hash = "") {
  const query = new URLSearchParams(search);
  query.delete("kiosk");
  const view = { ...readViewState(search), devices: [], hidden: new Set() };
  return `${path}${writeViewState(query, view)}${hash && `#${hash}`}`;
}

/** `path` with `query` and, where the page was opened by a view token, that token. */
export function withQuery(path, query, search = "") {
  const url = new URL(path, "http://page");
  for (const [name, value] of query) url.searchParams.append(name, value);
  const token = new URLSearchParams(search).get("view");
  if (token) url.searchParams.set("view", token);
  return url.pathname + url.search;
}
