import { DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS } from "./time_units.js";

const STEPS_MS = [
  ...[0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30].map((count) => count * SECOND_MS),
  ...[1, 2, 5, 10, 20, 30].map((count) => count * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR_MS),
  ...[1, 2, 5, 10].map((count) => count * DAY_MS),
];

/** How far the viewer's zone is ahead of UTC at that moment. */
const zoneMs = (at) => -new Date(at).getTimezoneOffset() * MINUTE_MS;

/**
 * Times from `from` to `to` that are round in the viewer's zone, also across a change of summer time;
 * at most `count` of them where the longest step allows it.
 */
export function timeTicks(from, to, count, offsetMs = zoneMs) {
  const step = STEPS_MS.find((ms) => (to - from) / ms <= count) ?? STEPS_MS.at(-1);
  const ticks = [];
  const first = Math.ceil((from + offsetMs(from)) / step) * step;
  for (let local = first; ; local += step) {
    const at = local - offsetMs(local - offsetMs(from));
    if (at > to) return ticks;
    if (at >= from && at !== ticks.at(-1)) ticks.push(at);
  }
}

/** How far the ticks lie apart; a tick that stands alone tells nothing, so it is the whole span. */
export function stepOf(ticks, spanMs) {
  return ticks.length > 1 ? ticks[1] - ticks[0] : spanMs;
}
