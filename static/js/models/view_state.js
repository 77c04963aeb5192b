export const WINDOWS_MS = { "1m": 60_000, "5m": 300_000, "15m": 900_000 };
export const DEFAULT_WINDOW = "1m";

/** What a link to the chart shows: `{window, pausedAt}`; what does not parse falls back to the live minute. */
export function readViewState(search) {
  const query = new URLSearchParams(search);
  const window = query.get("window");
  const pausedAt = Number(query.get("paused"));
  return {
    window: Object.hasOwn(WINDOWS_MS, window ?? "") ? window : DEFAULT_WINDOW,
    pausedAt: Number.isSafeInteger(pausedAt) && pausedAt > 0 ? pausedAt : null,
  };
}

/** The query string of a view, keeping every other parameter. */
export function writeViewState(search, { window, pausedAt }) {
  const query = new URLSearchParams(search);
  if (window === DEFAULT_WINDOW) query.delete("window");
  else query.set("window", window);
  if (pausedAt === null) query.delete("paused");
  else query.set("paused", String(pausedAt));
  const text = query.toString();
  return text ? `?${text}` : "";
}
