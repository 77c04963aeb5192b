/** The colours of the moment's theme, from tokens.css. */

export const SERIES_COLOURS = 8;
const DASHES = [[], [6, 4], [2, 3]];

export function readColours() {
  const style = getComputedStyle(document.documentElement);
  const token = (name) => style.getPropertyValue(name).trim();
  return {
    line: token("--chart-line"),
    area: token("--chart-area"),
    grid: token("--chart-grid"),
    text: token("--text-quiet"),
    tip: token("--text"),
    tipText: token("--canvas"),
    danger: token("--danger"),
    ring: token("--text"),
    series: Array.from({ length: SERIES_COLOURS }, (_, index) => token(`--series-${index + 1}`)),
  };
}

/** How line `number` of a chart is told from the others: eight colours, then dashed, then dotted. */
export function strokeOf(number, colours) {
  return { colour: colours.series[number % SERIES_COLOURS], dash: dashOf(number) };
}

/** The lengths of dashes and gaps of line `number`; none where it is solid. */
export function dashOf(number) {
  return DASHES[Math.floor(number / SERIES_COLOURS) % DASHES.length];
}
