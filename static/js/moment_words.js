import { gettext, interpolate } from "./text.js";
import { withUnit } from "./models/numbers.js";
import { clockTime, dayAndClock, dayTime } from "./times.js";

/** "14:32:05", and of another day its date too. */
export function momentTime(at, nowMs = Date.now()) {
  return dayTime(at) === dayTime(nowMs) ? clockTime(at) : dayAndClock(at);
}

/** "Boiler · temperature 71.2 °C at 14:32:05". */
export function momentText({ name, metric, value, unit, at }) {
  const values = { name, metric, value: withUnit(value, unit), time: momentTime(at) };
  return interpolate(gettext("%(name)s · %(metric)s %(value)s at %(time)s"), values);
}

/** What a pin's message says. */
export function saidText({ type, text }) {
  switch (type) {
    case "image":
      return gettext("sent an image");
    case "video":
      return gettext("sent a video");
    case "voice":
      return gettext("sent a voice message");
    default:
      return text;
  }
}
