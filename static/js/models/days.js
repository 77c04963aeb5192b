import { DAY_MS } from "./time_units.js";

/** Days of the viewer's zone: a number that is the same for two moments of one day, and one more for the next day. */
export function dayOf(ms) {
  const date = new Date(ms);
  return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / DAY_MS;
}
