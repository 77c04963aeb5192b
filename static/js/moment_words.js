import { gettext, interpolate } from "./text.js";
import { withUnit } from "./models/numbers.js";
import { dayOf } from "./models/days.js";
import { clockTime, dayAndClock } from "./times.js";

/** "14:32:05", and of another day its date too. */
export function momentTime(at, nowMs = Date.now()) {
  return dayOf(at) === dayOf(nowMs) ? clockTime(at) : dayAndClock(at);
}

/** "Boiler · temperature 71.2 °C at 14:32:05"; of an unknown value (null) without one. */
export function momentText({ name, metric, at, value = null, unit = "" }, nowMs = Date.now()) {
  const values = { name, metric, time: momentTime(at, nowMs) };
  if (value === null) return interpolate(gettext("%(name)s · %(metric)s at %(time)s"), values);
  values.value = withUnit(value, unit);
  return interpolate(gettext("%(name)s · %(metric)s %(value)s at %(time)s"), values);
}
