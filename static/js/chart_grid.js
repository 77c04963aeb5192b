import { gettext, interpolate } from "./text.js";
import { ChartPanel } from "./chart_panel.js";
import { Pace } from "./models/pace.js";
import { groupLines, spansOf } from "./models/chart_groups.js";
import { copyOf, part } from "./dom.js";

const CALM_MS = 2_000;

/** All charts of the page. The first panel is in the page from the start; the others come and go with the lines. */
export class ChartGrid {
  groups = { charts: [], shown: 0, total: 0 };
  #root = part("charts");
  #template = part("chart-template");
  #panels = [];
  #devices;
  #acts;
  #pace = matchMedia("(prefers-reduced-motion: reduce)").matches ? new Pace(CALM_MS) : new Pace();

  constructor(devices, acts) {
    this.#devices = devices;
    this.#acts = acts;
    this.#panels.push(new ChartPanel(part("chart", this.#root), devices, acts));
  }

  /** Sorts `lines` into charts. `devices` are those chosen (none: all), `hidden` the keys of lines that are switched off. */
  show(lines, { devices, hidden }) {
    const heard = lines.map(({ device }) => device);
    this.groups = groupLines(lines, { slugs: this.#devices.slugs(heard), devices });
    const { charts, shown, total } = this.groups;
    while (this.#panels.length < charts.length) this.#panels.push(this.#newPanel());
    while (this.#panels.length > Math.max(1, charts.length)) this.#panels.pop().destroy();
    charts.forEach((group, index) => this.#panels[index].show(group, hidden));
    const spans = spansOf(charts);
    spans.forEach((span, index) => (this.#panels[index].root.dataset.span = String(span)));
    this.#root.dataset.beside = String(spans.slice(1, 3).filter((span) => span === 2).length);
    part("bounds").hidden = shown === total;
    part("bounds").textContent = interpolate(
      gettext("Showing %(shown)s of %(total)s lines. Choose devices below to see others."),
      { shown, total },
    );
  }

  intervalMs(spanMs) {
    return this.#pace.intervalMs(spanMs);
  }

  draw(range) {
    const startedAtMs = performance.now();
    this.groups.charts.forEach((_, index) => this.#panels[index].draw(range));
    this.#pace.drew(performance.now() - startedAtMs);
  }

  update(range, nowMs) {
    this.groups.charts.forEach((_, index) => this.#panels[index].update(range, nowMs));
  }

  #newPanel() {
    const root = copyOf(this.#template);
    this.#root.append(root);
    return new ChartPanel(root, this.#devices, this.#acts);
  }
}
