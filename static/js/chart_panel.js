import { gettext, interpolate } from "./text.js";
import { ChartMoments } from "./chart_moments.js";
import { LineChart } from "./charts.js";
import { Legend } from "./legend.js";
import { Colours, RANDOM, isCrowded } from "./models/chart_groups.js";
import { hasPoints } from "./models/chart_order.js";
import { gapMs } from "./models/device_list.js";
import { withUnit } from "./models/numbers.js";
import { agoText, durationText, spanText } from "./times.js";
import { part, setText } from "./dom.js";

const NOTHING = "–";
const RANDOM_BOUNDS = [0, 100];
const AHEAD_MS = 3_000;

function titleText({ metrics, unit, more }, lines, devices) {
  const names = metrics.join(", ") + (more > 0 ? " …" : "");
  const isOneOfADevice = lines.length === 1 && lines[0].device !== names && lines[0].device !== devices.only;
  const whose = isOneOfADevice ? `${devices.nameOf(lines[0].device)} · ${names}` : names;
  return unit && lines.length > 1 ? `${whose}, ${unit}` : whose;
}

/** A chart with its heading, numbers and legend; shows one group of lines (models/chart_groups.js) after another. */
export class ChartPanel {
  #root;
  #chart;
  #legend;
  #moments;
  #colours = new Colours();
  #devices;
  #lines = [];
  #lastAt = null;

  /** `acts`: onRange({from, to}), onToggle(key), onShowReading(at); `talk` is the page's ChartTalk. */
  constructor(root, devices, talk, { onRange, onToggle, onShowReading }) {
    this.#root = root;
    this.#devices = devices;
    this.#chart = new LineChart(root.querySelector("canvas"), onRange);
    this.#legend = new Legend(part("legend", root), onToggle);
    this.#moments = new ChartMoments(root, this.#chart, talk, onRange);
    part("show-last", root).addEventListener("click", () => onShowReading(this.#lastAt));
  }

  get root() {
    return this.#root;
  }

  show({ key, lines, title }, hidden) {
    this.#lines = lines;
    this.#colours.keep(lines.map((line) => line.key));
    const shown = lines.map((line) => ({
      key: line.key,
      label: this.#labelOf(line, lines),
      number: this.#colours.of(line.key),
      isHidden: hidden.has(line.key),
    }));
    const text = titleText(title, lines, this.#devices);
    setText(part("title", this.#root), text);
    part("numbers", this.#root).hidden = lines.length > 1;
    this.#root.toggleAttribute("data-crowded", isCrowded({ lines }));
    this.#root.querySelector("canvas").setAttribute("aria-label", interpolate(gettext("Chart of %(name)s; the table below holds its values"), { name: text }));
    this.#legend.show(shown);
    this.#chart.setLines(shown, { unit: lines[0].unit, fixed: key === RANDOM ? RANDOM_BOUNDS : null });
    this.#moments.show(lines, hidden);
  }

  draw({ from, to }) {
    this.#moments.prepare({ from, to });
    const withGaps = ({ points, device }) => ({ points, gapMs: gapMs(points, this.#devices.intervalMs(device)) });
    this.#chart.draw(this.#lines.map(withGaps), from, to);
    this.#moments.draw({ from, to });
  }

  /** Rings a moment of the line `key`, where this chart shows it; whether it does. */
  ring(key, at) {
    if (!this.#lines.some((line) => line.key === key)) return false;
    this.#moments.ringFor(key, at);
    return true;
  }

  /** The numbers, and a word where there is nothing to see. */
  update({ from, to }, nowMs) {
    this.#legend.update(this.#lines);
    if (this.#lines.length === 1) this.#showNumbers(this.#lines[0], from, to);
    this.#showEmpty({ from, to }, nowMs);
  }

  destroy() {
    this.#moments.destroy();
    this.#chart.destroy();
    this.#root.remove();
  }

  #labelOf({ device, metric }, lines) {
    const isOneMetric = lines.every((line) => line.metric === metric);
    const isOneDevice = lines.every((line) => line.device === device);
    if (lines.length === 1) return metric;
    if (isOneDevice) return metric;
    return isOneMetric ? this.#devices.nameOf(device) : `${this.#devices.nameOf(device)} · ${metric}`;
  }

  #showNumbers({ points, unit, held, value }, from, to) {
    const summary = points.summary(from, to);
    const last = held ? points.indexFrom(to + 1) - 1 : -1;
    const latest = last >= 0 ? points.mean[last] : value;
    const text = (number) => (number === undefined || number === null ? NOTHING : withUnit(number, unit));
    setText(part("value", this.#root), text(latest));
    for (const name of ["min", "mean", "max"]) setText(part(name, this.#root), text(summary?.[name]));
  }

  #showEmpty({ from, to }, nowMs) {
    const isEmpty = !this.#lines.some((line) => hasPoints(line, { from, to }));
    part("empty", this.#root).hidden = !isEmpty;
    this.#root.toggleAttribute("data-empty", isEmpty);
    if (!isEmpty) return;
    const times = this.#lines.map(({ at }) => at).filter((at) => at !== null);
    this.#lastAt = times.length > 0 ? Math.max(...times) : null;
    setText(part("empty-text", this.#root), this.#emptyText(to - from, nowMs));
    part("empty-act", this.#root).hidden = this.#lastAt === null;
  }

  #emptyText(spanMs, nowMs) {
    const agoMs = nowMs - this.#lastAt;
    const values = { duration: spanText(spanMs), ago: agoText(agoMs), ahead: durationText(-agoMs) };
    if (this.#lastAt === null) return interpolate(gettext("Nothing in %(duration)s."), values);
    if (agoMs < -AHEAD_MS) return interpolate(gettext("Nothing in %(duration)s yet: its clock is %(ahead)s ahead."), values);
    return interpolate(gettext("Nothing in %(duration)s. Last reading %(ago)s"), values);
  }
}
