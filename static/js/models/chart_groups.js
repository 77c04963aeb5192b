export const LINES_LIMIT = 24;
export const CHARTS_LIMIT = 12;
export const RANDOM = "random";
export const CROWDED_FROM = 9;
const METRICS_NAMED = 3;
const COLUMNS = 6;

/** One unit an axis. The random feed has a chart of its own; what has no unit is only comparable within its metric. */
function groupKey({ device, metric, unit }) {
  if (device === RANDOM) return RANDOM;
  return unit ? `unit ${unit}` : `metric ${metric}`;
}

function titleOf({ key, lines }) {
  if (key === RANDOM) return { metrics: [RANDOM], unit: "", more: 0 };
  const metrics = [...new Set(lines.map(({ metric }) => metric))];
  return { metrics: metrics.slice(0, METRICS_NAMED), unit: lines[0].unit, more: Math.max(0, metrics.length - METRICS_NAMED) };
}

/** Where there are too many charts, those stay that show most lines, in their order; the random feed always. */
function mostShared(groups) {
  const worth = ([key, lines]) => (key === RANDOM ? Infinity : lines.length);
  const kept = new Set([...groups].sort((a, b) => worth(b) - worth(a)).slice(0, CHARTS_LIMIT));
  return groups.filter((group) => kept.has(group));
}

/**
 * Sorts lines into charts: `{charts: [{key, lines, title}], shown, total}`, at most CHARTS_LIMIT charts of LINES_LIMIT lines.
 * `slugs` gives the order of devices, `devices` those chosen (none: all).
 */
export function groupLines(lines, { slugs, devices = [] }) {
  const rank = new Map(slugs.map((slug, index) => [slug, index]));
  const isChosen = ({ device }) => devices.length === 0 || devices.includes(device);
  const chosen = lines
    .filter((line) => isChosen(line) && rank.has(line.device))
    .sort((a, b) => rank.get(a.device) - rank.get(b.device) || a.metric.localeCompare(b.metric));
  const groups = new Map();
  for (const line of chosen) {
    const key = groupKey(line);
    groups.set(key, [...(groups.get(key) ?? []), line]);
  }
  const charts = mostShared([...groups]).map(([key, own]) => {
    const shown = own.slice(0, LINES_LIMIT);
    return { key, lines: shown, title: titleOf({ key, lines: shown }) };
  });
  return { charts, shown: charts.reduce((sum, chart) => sum + chart.lines.length, 0), total: chosen.length };
}

export function isCrowded({ lines }) {
  return lines.length >= CROWDED_FROM;
}

/** Those that follow each other row by row, three in each; the last row is filled. */
function rowsOf(count) {
  const lastRow = count % 3;
  return Array.from({ length: count }, (_, index) => (index >= count - lastRow ? COLUMNS / lastRow : 2));
}

/** How many of six columns each chart takes: the first is big, with two at its side; the others fill their rows, crowded ones alone. */
export function spansOf(charts) {
  const isNext = charts.slice(1, 3).map((chart) => !isCrowded(chart));
  const beside = isNext[0] ? isNext.filter(Boolean).length : 0;
  const spans = charts.slice(0, 1 + beside).map((_, index) => (index > 0 ? 2 : COLUMNS - (beside > 0 ? 2 : 0)));
  while (spans.length < charts.length) {
    const ahead = charts.slice(spans.length);
    const until = ahead.findIndex(isCrowded);
    const row = until === 0 ? [COLUMNS] : rowsOf(until < 0 ? ahead.length : until);
    spans.push(...row);
  }
  return spans;
}

/** Gives each line of a chart a colour number of its own that it keeps while the chart lives. */
export class Colours {
  #numbers = new Map();

  of(key) {
    if (!this.#numbers.has(key)) this.#numbers.set(key, this.#free());
    return this.#numbers.get(key);
  }

  keep(keys) {
    for (const key of this.#numbers.keys()) if (!keys.includes(key)) this.#numbers.delete(key);
  }

  #free() {
    const taken = new Set(this.#numbers.values());
    let number = 0;
    while (taken.has(number)) number += 1;
    return number;
  }
}

/** Splits devices into requests of at most `limit` series each. `countOf` says how many a device has. */
export function chunkDevices(devices, countOf, limit) {
  const chunks = [];
  let room = 0;
  for (const device of devices) {
    const count = Math.max(1, countOf(device));
    if (count > room || chunks.length === 0) {
      chunks.push([]);
      room = limit;
    }
    chunks.at(-1).push(device);
    room -= count;
  }
  return chunks;
}
