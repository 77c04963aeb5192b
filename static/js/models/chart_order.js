import { RANDOM, isCrowded } from "./chart_groups.js";
import { isOwn } from "./device_list.js";

/** Whether there is something to see of a line between two times. */
export function hasPoints({ points }, { from, to }) {
  return points.indexFrom(from) < points.indexFrom(to + 1);
}

/** The same, also before the window was fetched. */
export function isHeard(line, range) {
  const { at } = line;
  return hasPoints(line, range) || (at !== null && at >= range.from && at <= range.to);
}

/** The charts with something to see; all where none has. */
export function withoutEmpty(charts, isHeard) {
  const heard = charts.filter(({ lines }) => lines.some(isHeard));
  return heard.length > 0 ? heard : charts;
}

const nameOf = ({ lines: [{ metric, unit }] }) => unit || metric;

/** How many readings a second a chart gets; what people's own devices send comes before what the server tells of itself. */
function liveliest(charts, { isHeard, rateOf }) {
  const heard = (chart) => chart.lines.filter(isHeard);
  const hasOwn = (chart) => heard(chart).some(({ device }) => isOwn(device));
  const rate = (chart) => heard(chart).reduce((sum, line) => sum + rateOf(line), 0);
  return [...charts].sort((a, b) => hasOwn(b) - hasOwn(a) || rate(b) - rate(a))[0];
}

/**
 * The order in which charts stand: the first is the big one, those without a reading come last.
 * `isRandomLast` where the random feed makes way for people's own devices: the liveliest of the others is first.
 * `isHeard(line)` tells whether it has readings in the window, `rateOf(line)` how many a second are expected.
 */
export function orderCharts(charts, { isHeard, rateOf, isRandomLast }) {
  const isEmpty = ({ lines }) => !lines.some(isHeard);
  const byName = [...charts].sort((a, b) => isEmpty(a) - isEmpty(b) || nameOf(a).localeCompare(nameOf(b)));
  const random = byName.filter(({ key }) => key === RANDOM);
  const others = byName.filter(({ key }) => key !== RANDOM);
  const first = isRandomLast ? liveliest(others, { isHeard, rateOf }) : (random[0] ?? others[0]);
  // Crowded charts need the whole width; behind the others they leave no holes.
  const rest = others.filter((chart) => chart !== first).sort((a, b) => isEmpty(a) - isEmpty(b) || isCrowded(a) - isCrowded(b));
  return [first, ...rest, ...random.filter((chart) => chart !== first)].filter(Boolean);
}
