/** Days of the viewer's zone. */

const DAY_MS = 86_400_000;

/** A number that is the same for two moments of one day, and one more for the next day. */
export function dayOf(ms) {
  const date = new Date(ms);
  return Date.UTC(date.getFullYear(), date.getMonth(), date.getDate()) / DAY_MS;
}
