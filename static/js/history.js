const TIMEOUT_MS = 10_000;
const POINTS = 500;

/** The readings of one device from `since` (included) to `until` (excluded), as points `[at, value]`. */
export async function fetchPoints(url, { device, since, until }) {
  const query = new URLSearchParams({ device, since, until, points: POINTS });
  const response = await fetch(`${url}?${query}`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  if (!response.ok) throw new Error(`${url} answered ${response.status}`);
  const { series } = await response.json();
  return series.flatMap(({ points }) => points.map(([at, value]) => [at, value]));
}
