const STEPS = { ArrowLeft: -1, ArrowRight: 1 };

/** The index of the point of `points` nearest to `at`; -1 when there is none. */
export function nearestIndex(points, at) {
  const after = points.indexFrom(at);
  if (after === points.length) return points.length - 1;
  return after > 0 && at - points.at[after - 1] < points.at[after] - at ? after - 1 : after;
}

/** The points of `points` within a range: `[first, last]`, first > last when there are none. */
function bounds(points, { from, to }) {
  return [points.indexFrom(from), points.indexFrom(to + 1) - 1];
}

/**
 * Where a key leads on a chart. `place` is `{key, at}`, or null at the beginning; `lines` are those shown, `[{key, points}]`.
 * Left and right go from point to point, up and down to the other lines, Home and End to the edges. Null: nowhere.
 */
export function walk(place, key, lines, range) {
  const walkable = lines.filter(({ points }) => {
    const [first, last] = bounds(points, range);
    return first <= last;
  });
  if (walkable.length === 0) return null;
  const index = walkable.findIndex((line) => line.key === place?.key);
  const number = Math.max(index, 0);
  if (key === "ArrowUp" || key === "ArrowDown") {
    const by = key === "ArrowUp" ? -1 : 1;
    const next = walkable[(number + (index < 0 ? 0 : by) + walkable.length) % walkable.length];
    return placeIn(next, nearestIndex(next.points, place?.at ?? range.to), range);
  }
  const { points } = walkable[number];
  const [first, last] = bounds(points, range);
  if (key === "Home") return placeIn(walkable[number], first, range);
  if (key === "End" || index < 0) return placeIn(walkable[number], last, range);
  if (!(key in STEPS)) return null;
  const here = nearestIndex(points, place.at);
  return placeIn(walkable[number], here + STEPS[key], range);
}

function placeIn({ key, points }, index, range) {
  const [first, last] = bounds(points, range);
  const kept = Math.min(Math.max(index, first), last);
  return { key, at: points.at[kept] };
}
