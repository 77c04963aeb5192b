export const NEAR_PX = 18;
export const GROUPS_LIMIT = 80;
export const LISTED = 5;

/** How many milliseconds pins lie apart at least, where `widthPx` show `spanMs`: room for a flag each, and no more than GROUPS_LIMIT. */
export function nearMs(spanMs, widthPx, nearPx = NEAR_PX) {
  return spanMs * Math.max(nearPx / Math.max(widthPx, 1), 1 / GROUPS_LIMIT);
}

function newGroup(pin) {
  return { key: `${pin.room}#${pin.message.id}`, at: pin.at, until: pin.until, count: 0, latest: [] };
}

/**
 * Gathers `pins`, sorted by time, into groups `{key, at, until, count, latest}`: a group begins with a pin, takes in
 * what follows within `within` ms, and names the LISTED latest of its pins, newest first.
 */
export function gatherPins(pins, within) {
  const groups = [];
  let group = null;
  for (const pin of pins) {
    if (group === null || pin.at >= group.at + within) groups.push((group = newGroup(pin)));
    group.until = Math.max(group.until, pin.until);
    group.count += pin.count;
    group.latest.unshift(pin);
    if (group.latest.length > LISTED) group.latest.pop();
  }
  return groups;
}

/** The groups of some lines, gathered anew only when the pins, the lines or the scale are others: while the picture moves, groups stay. */
export class PinGroups {
  #moments;
  #keys = [];
  #groups = [];
  #gatheredFor = "";

  constructor(moments) {
    this.#moments = moments;
  }

  /** The keys of the lines that are shown. */
  setLines(keys) {
    this.#keys = keys;
  }

  /** Those whose flag stands between `from` and `to`, in a picture `widthPx` wide. */
  within({ from, to }, widthPx, nearPx = NEAR_PX) {
    const within = nearMs(to - from, widthPx, nearPx);
    const asked = JSON.stringify([this.#moments.revision, Math.round(within), this.#keys]);
    if (asked !== this.#gatheredFor) {
      const pins = this.#keys.flatMap((key) => this.#moments.pinsOf(key)).sort((a, b) => a.at - b.at);
      this.#groups = gatherPins(pins, within);
      this.#gatheredFor = asked;
    }
    return this.#groups.filter(({ at }) => at >= from && at <= to);
  }
}
