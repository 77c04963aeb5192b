import { gettext, interpolate } from "./text.js";
import { ChartPanel } from "./chart_panel.js";
import { Pace } from "./models/pace.js";
import { RANDOM, groupLines, spansOf } from "./models/chart_groups.js";
import { isHeard, orderCharts, withoutEmpty } from "./models/chart_order.js";
import { UNKNOWN_INTERVAL_MS, isOwn } from "./models/device_list.js";
import { copyOf, part, placeAt } from "./dom.js";

const CALM_MS = 2_000;

/** All charts of the page. The first panel is in the page from the start, and the random feed's; the others come and go with the lines. */
export class ChartGrid {
  groups = { charts: [], shown: 0, total: 0 };
  #root = part("charts");
  #template = part("chart-template");
  #first;
  #panels = new Map();
  #order = [];
  #all = [];
  #isKiosk;
  #orderedFor = { charts: "", empty: "" };
  #devices;
  #acts;
  #talk;
  #pace = matchMedia("(prefers-reduced-motion: reduce)").matches ? new Pace(CALM_MS) : new Pace();

  /** On a wall (`isKiosk`) only charts with something to see are shown. `acts` and `talk` as a panel takes them. */
  constructor(devices, acts, { talk, isKiosk = false }) {
    this.#devices = devices;
    this.#acts = acts;
    this.#talk = talk;
    this.#isKiosk = isKiosk;
    this.#first = new ChartPanel(part("chart", this.#root), devices, talk, acts);
  }

  /**
   * Sorts `lines` into charts. `devices` are those chosen (none: all), `hidden` the keys of lines that are switched off.
   * The order stays while the charts do; `isLoaded` when their readings in `range` were fetched anew.
   */
  show(lines, { devices, hidden }, { range, isLoaded }) {
    const heard = lines.map(({ device }) => device);
    const slugs = this.#devices.slugs(heard);
    this.groups = groupLines(lines, { slugs, devices });
    const isRandomLast = devices.length === 0 && slugs.some(isOwn);
    this.#all = this.groups.charts;
    this.groups.charts = this.#ordered(this.#seen(range), { isRandomLast, range, isLoaded });
    const { charts, shown, total } = this.groups;
    this.#givePanels(charts);
    charts.forEach((group, index) => placeAt(this.#root, this.#panels.get(group.key).root, index));
    charts.forEach((group) => this.#panels.get(group.key).show(group, hidden));
    this.#span(charts);
    part("bounds").hidden = shown === total;
    part("bounds").textContent = interpolate(
      gettext("Showing %(shown)s of %(total)s lines. Choose devices below to see others."),
      { shown, total },
    );
  }

  /** Whether other charts are to be shown by now. */
  isOutdated(range) {
    if (!this.#isKiosk) return false;
    const seen = this.#seen(range);
    return seen.length !== this.groups.charts.length || seen.some((chart) => !this.groups.charts.includes(chart));
  }

  intervalMs(spanMs) {
    return this.#pace.intervalMs(spanMs);
  }

  draw(range) {
    const startedAtMs = performance.now();
    for (const panel of this.#panels.values()) panel.draw(range);
    this.#pace.drew(performance.now() - startedAtMs);
  }

  update(range, nowMs) {
    for (const panel of this.#panels.values()) panel.update(range, nowMs);
  }

  /** Rings a moment of the line `key` and brings its chart into view; whether there is one. */
  ring(key, at) {
    const panel = [...this.#panels.values()].find((one) => one.ring(key, at));
    panel?.root.scrollIntoView({ block: "nearest" });
    return panel !== undefined;
  }

  #seen(range) {
    return this.#isKiosk ? withoutEmpty(this.#all, (line) => isHeard(line, range)) : this.#all;
  }

  /** Panels must not jump about under people's eyes: the order is another only for other charts, or with another window. */
  #ordered(charts, { isRandomLast, range, isLoaded }) {
    const heard = (line) => isHeard(line, range);
    const keys = charts.map(({ key }) => key).sort();
    const empty = JSON.stringify(charts.filter(({ lines }) => !lines.some(heard)).map(({ key }) => key).sort());
    const asked = { charts: JSON.stringify([isRandomLast, ...keys]), empty };
    const before = this.#orderedFor;
    if (asked.charts !== before.charts || (isLoaded && asked.empty !== before.empty)) {
      const rateOf = ({ device }) => 1_000 / (this.#devices.intervalMs(device) || UNKNOWN_INTERVAL_MS);
      this.#order = orderCharts(charts, { isHeard: heard, rateOf, isRandomLast }).map(({ key }) => key);
      this.#orderedFor = asked;
    }
    return [...charts].sort((a, b) => this.#order.indexOf(a.key) - this.#order.indexOf(b.key));
  }

  #span(charts) {
    const spans = spansOf(charts);
    spans.forEach((span, index) => (this.#panels.get(charts[index].key).root.dataset.span = String(span)));
    this.#root.dataset.beside = String(spans[0] === 4 ? spans.slice(1, 3).filter((span) => span === 2).length : 0);
  }

  /** Each chart keeps its panel; the one of the page's beginning is the random feed's, or else the first chart's. */
  #givePanels(charts) {
    if (charts.length === 0) return;
    const owner = charts.find(({ key }) => key === RANDOM) ?? charts[0];
    const before = this.#panels;
    const kept = (key) => (before.get(key) === this.#first ? undefined : before.get(key));
    this.#panels = new Map(
      charts.map((chart) => [chart.key, chart === owner ? this.#first : (kept(chart.key) ?? this.#newPanel())]),
    );
    const used = new Set(this.#panels.values());
    for (const panel of before.values()) if (!used.has(panel)) panel.destroy();
  }

  #newPanel() {
    const root = copyOf(this.#template);
    this.#root.append(root);
    return new ChartPanel(root, this.#devices, this.#talk, this.#acts);
  }
}
