const STEPS_MS = [10, 20, 30, 60, 120, 300, 600].map((seconds) => seconds * 1000);

/** Round times from `from` to `to`, at most `count` of them where the longest step allows it. */
export function timeTicks(from, to, count) {
  const fits = (step) => (to - from) / step <= count;
  const step = STEPS_MS.find(fits) ?? STEPS_MS.at(-1);
  const ticks = [];
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at);
  return ticks;
}
