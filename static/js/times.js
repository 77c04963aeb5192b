/** Times as the viewer's zone and language write them. */

import { gettext, interpolate, ngettext } from "./text.js";
import { LOCALES } from "./locale.js";
import { dayOf } from "./models/days.js";

const CLOCK = new Intl.DateTimeFormat(LOCALES, {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const MINUTE = new Intl.DateTimeFormat(LOCALES, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat(LOCALES, { day: "numeric", month: "short" });
const WEEKDAY = new Intl.DateTimeFormat(LOCALES, { weekday: "long", day: "numeric", month: "long" });
const FULL_DAY = new Intl.DateTimeFormat(LOCALES, { dateStyle: "full" });
const FULL = new Intl.DateTimeFormat(LOCALES, { dateStyle: "full", timeStyle: "medium" });
const DAY_CLOCK = new Intl.DateTimeFormat(LOCALES, {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const UNITS = [
  [86_400_000, "day"],
  [3_600_000, "hour"],
  [60_000, "minute"],
  [1_000, "second"],
];
const JUST_NOW_MS = 3_000;

export function clockTime(ms) {
  return CLOCK.format(ms);
}

export function minuteTime(ms) {
  return MINUTE.format(ms);
}

/** "Today", "Yesterday", else "Thursday, 20 November", of another year with the year. */
export function dayTitle(ms, nowMs = Date.now()) {
  const daysAgo = dayOf(nowMs) - dayOf(ms);
  if (daysAgo === 0) return gettext("Today");
  if (daysAgo === 1) return gettext("Yesterday");
  const isThisYear = new Date(ms).getFullYear() === new Date(nowMs).getFullYear();
  return (isThisYear ? WEEKDAY : FULL_DAY).format(ms);
}

export function fullDay(ms) {
  return FULL_DAY.format(ms);
}

export function fullTime(ms) {
  return FULL.format(ms);
}

/** A `<time>` with the machine's form, the reader's form and, as tooltip, the full date. */
export function timeElement(ms, text, title = fullTime(ms)) {
  const element = document.createElement("time");
  element.dateTime = new Date(ms).toISOString();
  element.title = title;
  element.textContent = text;
  return element;
}

export function dayText(ms) {
  return DAY.format(ms);
}

export function dayAndClock(ms) {
  return DAY_CLOCK.format(ms);
}

/** "4 min", "3 h": the largest unit of which there are two at least, so that nothing is rounded by half. */
export function durationText(ms) {
  const [unitMs, unit] = UNITS.find(([size]) => ms >= 2 * size) ?? UNITS.at(-1);
  const count = Math.max(0, Math.floor(ms / unitMs));
  switch (unit) {
    case "day":
      return interpolate(ngettext("%(count)s day", "%(count)s days", count), { count });
    case "hour":
      return interpolate(gettext("%(count)s h"), { count });
    case "minute":
      return interpolate(gettext("%(count)s min"), { count });
    default:
      return interpolate(gettext("%(count)s s"), { count });
  }
}

/** The length of a window: as `durationText`, but a minute is "1 min" and an hour "1 h". */
export function spanText(ms) {
  if (ms === 60_000) return interpolate(gettext("%(count)s min"), { count: 1 });
  return ms === 3_600_000 ? interpolate(gettext("%(count)s h"), { count: 1 }) : durationText(ms);
}

/** "3 min ago"; the last seconds are "just now", and a device's clock may be ahead. */
export function agoText(ms) {
  if (ms <= -JUST_NOW_MS) return interpolate(gettext("clock %(duration)s ahead"), { duration: durationText(-ms) });
  if (ms < JUST_NOW_MS) return gettext("just now");
  return interpolate(gettext("%(duration)s ago"), { duration: durationText(ms) });
}
