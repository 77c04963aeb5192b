/** An SVG path through `[at, value]` points, values 0-100, newest at the right edge; a silence over `gapMs` breaks it. */
export function sparklinePath(points, { spanMs, gapMs, width, height }) {
  if (points.length === 0) return "";
  const to = points.at(-1)[0];
  const shown = points.filter(([at]) => at >= to - spanMs);
  const step = ([at, value], index) => {
    const isBroken = index === 0 || at - shown[index - 1][0] > gapMs;
    const x = width * (1 - (to - at) / spanMs);
    const y = height * (1 - value / 100);
    return `${isBroken ? "M" : "L"}${x.toFixed(2)} ${y.toFixed(2)}`;
  };
  return shown.map(step).join("");
}
