import { dayOf } from "./models/days.js";
import { clockTime, dayAndClock } from "./times.js";
import { gettext, interpolate } from "./text.js";
import { withUnit } from "./models/numbers.js";

/** "boiler · temperature 71.2 °C at 14:32:05"; of another day with the day, of an unknown value without one. */
export function momentText({ device, metric, at, value = null, unit = "" }, nowMs = Date.now()) {
  const what = [device, [metric, value === null ? "" : withUnit(value, unit)].filter(Boolean).join(" ")].join(" · ");
  const time = dayOf(at) === dayOf(nowMs) ? clockTime(at) : dayAndClock(at);
  return interpolate(gettext("%(what)s at %(time)s"), { what, time });
}
