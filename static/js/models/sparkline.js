function placed({ spanMs, width, height }, to) {
  return ([at, value]) => {
    const x = width * (1 - (to - at) / spanMs);
    const y = height * (1 - value / 100);
    return `${x.toFixed(2)} ${y.toFixed(2)}`;
  };
}

/** An SVG path through `[at, value]` points, values 0-100, newest at the right edge; a silence over `gapMs` breaks it. */
export function sparklinePath(points, size) {
  if (points.length === 0) return "";
  const to = points.at(-1)[0];
  const shown = points.filter(([at]) => at >= to - size.spanMs);
  const place = placed(size, to);
  const isBroken = (index) => index === 0 || shown[index][0] - shown[index - 1][0] > size.gapMs;
  return shown.map((point, index) => `${isBroken(index) ? "M" : "L"}${place(point)}`).join("");
}

/** A path of no length at the newest point: with round caps, a dot that no stretching distorts. */
export function newestDotPath(points, size) {
  const newest = points.at(-1);
  return newest ? `M${placed(size, newest[0])(newest)}h0` : "";
}
