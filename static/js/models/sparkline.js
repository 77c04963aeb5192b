const STEPS = 60;

function extentOf(points, first, last) {
  let [low, high] = [Infinity, -Infinity];
  for (let index = first; index < last; index += 1) {
    low = Math.min(low, points.low[index]);
    high = Math.max(high, points.high[index]);
  }
  return high > low ? [low, high] : [low - 1, high + 1];
}

/**
 * An SVG path of `Points` from `from` to `to` in a box of `width` x `height`, with at most some sixty corners.
 * `scale` `[low, high]` gives the values of the lower and upper edge, else the line fills the box; a silence over `gapMs` breaks it.
 */
export function sparklinePath(points, { from, to, gapMs, width, height, scale = null }) {
  const [first, last] = [points.indexFrom(from), points.indexFrom(to + 1)];
  if (first === last) return "";
  const [low, high] = scale ?? extentOf(points, first, last);
  const every = Math.ceil((last - first) / STEPS);
  let path = "";
  for (let index = first; index < last; index += every) {
    const x = (width * (points.at[index] - from)) / (to - from);
    const y = (height * (high - points.mean[index])) / (high - low);
    const isBroken = index === first || points.at[index] - points.at[index - every] > every * gapMs;
    path += `${isBroken ? "M" : "L"}${x.toFixed(1)} ${y.toFixed(1)}`;
  }
  return path;
}

/** A dot at the newest point. */
export function newestDotPath(points, shown) {
  const index = points.indexFrom(shown.to + 1) - 1;
  return index < 0 || points.at[index] < shown.from ? "" : dotPath(points.at[index], points.mean[index], shown);
}

/** A path of no length at a value: with round caps, a dot that no stretching distorts. */
export function dotPath(at, value, { from, to, width, height, scale: [low, high] }) {
  const x = (width * (at - from)) / (to - from);
  const y = (height * (high - value)) / (high - low);
  return `M${x.toFixed(1)} ${y.toFixed(1)}h0`;
}
