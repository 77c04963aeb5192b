import { lineOptions } from "./chart_options.js";
import { readColours, strokeOf } from "./colours.js";
import { marks } from "./chart_marks.js";
import { ChartOverlay } from "./chart_overlay.js";

const { Chart } = globalThis;
const DENSE_PX = 3;
const REACH_PX = 48;

function newDataset() {
  // `pool` keeps every point object ever needed: a picture ten times a second must leave no garbage.
  return { data: [], pool: [], pointRadius: 0, pointHoverRadius: 4, first: 0, last: -1 };
}

/** Points `first` to `last` become `{x, y}` objects, without a new one where an old one can be had. */
function fill(dataset, points, first, last) {
  const { data, pool } = dataset;
  const count = last - first + 1;
  while (pool.length < count) pool.push({ x: 0, y: 0 });
  data.length = count;
  for (let index = 0; index < count; index += 1) {
    const point = pool[index];
    point.x = points.at[first + index];
    point.y = points.mean[first + index];
    data[index] = point;
  }
  Object.assign(dataset, { points, first, last });
}

/**
 * Lines over time in `canvas`, all of one unit. `onRange({from, to})` tells that somebody zoomed or moved.
 * Chart.js lays out a chart as soon as it is made, so it is made by the first `draw`: once, with its lines, in its place.
 */
export class LineChart {
  overlay = new ChartOverlay();
  #canvas;
  #chart = null;
  #datasets = [];
  #options;
  #setup = { unit: "", fixed: null };
  #lines = [];
  #onRange;
  #theme = matchMedia("(prefers-color-scheme: dark)");
  #stop = new AbortController();

  constructor(canvas, onRange) {
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    this.#canvas = canvas;
    this.#onRange = onRange;
    this.#options = this.#newOptions(readColours());
    this.#theme.addEventListener("change", () => this.#repaint(), { signal: this.#stop.signal });
  }

  /** What the next `draw` shows: `lines` `[{label, number, isHidden}]`, in the order in which it gets their points. */
  setLines(lines, { unit, fixed }) {
    const datasets = this.#datasets;
    while (datasets.length < lines.length) datasets.push(newDataset());
    datasets.length = lines.length;
    lines.forEach(({ label, isHidden }, index) => Object.assign(datasets[index], { label, hidden: isHidden }));
    this.#lines = lines;
    this.#setup = { unit, fixed };
    this.#paint();
  }

  /** Draws `all` `[{points, gapMs}]` between the times `from` and `to`; a silence of more than `gapMs` stays a gap. */
  draw(all, from, to) {
    const { x, y } = this.#options.scales;
    let [low, high] = [Infinity, -Infinity];
    all.forEach(({ points, gapMs }, index) => {
      const dataset = this.#datasets[index];
      // One point more on each side, so that a line enters and leaves the picture.
      const first = Math.max(0, points.indexFrom(from) - 1);
      const last = Math.min(points.length - 1, points.indexFrom(to + 1));
      fill(dataset, points, first, last);
      dataset.spanGaps = gapMs;
      dataset.borderWidth = (last - first) * DENSE_PX > this.#canvas.clientWidth || all.length > 1 ? 1.5 : 2;
      for (let at = first; at <= last && !dataset.hidden; at += 1) {
        low = Math.min(low, points.low[at]);
        high = Math.max(high, points.high[at]);
      }
    });
    Object.assign(x, { min: from, max: to });
    if (!this.#setup.fixed && low <= high) Object.assign(y, { suggestedMin: low, suggestedMax: high });
    if (this.#chart) this.#chart.update("none");
    else this.#chart = this.#newChart();
  }

  /** The same picture again, with another overlay. */
  redraw() {
    this.#chart?.draw();
  }

  /** Takes away what the pointer shows, until it moves again. */
  hideTip() {
    this.#chart.setActiveElements([]);
    this.#chart.tooltip.setActiveElements([], { x: 0, y: 0 });
    this.#chart.update("none");
  }

  /** Where the lines are drawn, in px of the canvas: `{left, right, top, bottom, width, height}`. */
  get area() {
    return this.#chart.chartArea;
  }

  xOf(at) {
    return this.#chart.scales.x.getPixelForValue(at);
  }

  placeOf(at, value) {
    return { x: this.xOf(at), y: this.#chart.scales.y.getPixelForValue(value) };
  }

  /** The drawn point nearest to a place of the canvas, `{index, point}` (which line, which of its points); null where none is near. */
  pointNear(x, y) {
    if (!this.#chart) return null;
    const { left, right, top, bottom } = this.area;
    if (x < left || x > right || y < top || y > bottom) return null;
    const { mode, ...how } = this.#chart.options.interaction;
    const [near] = this.#chart.getElementsAtEventForMode({ x, y, native: true }, mode, how, false);
    if (!near || Math.abs(near.element.x - x) > REACH_PX) return null;
    return { index: near.datasetIndex, point: this.#datasets[near.datasetIndex].first + near.index };
  }

  destroy() {
    this.#stop.abort();
    this.#chart?.destroy();
  }

  #newChart() {
    const [data, options] = [{ datasets: this.#datasets }, this.#options];
    return new Chart(this.#canvas, { type: "line", data, options, plugins: [marks, this.overlay] });
  }

  #repaint() {
    this.#paint();
    this.#chart?.update("none");
  }

  /** Sets colours and options, without laying out the chart anew: that is `draw`'s, and takes tens of milliseconds. */
  #paint() {
    const colours = readColours();
    const { min, max } = this.#options.scales.x;
    const isAlone = this.#lines.length === 1;
    this.#lines.forEach(({ number }, index) => {
      const { colour, dash } = strokeOf(number, colours);
      const background = isAlone && number === 0 ? colours.area : "transparent";
      Object.assign(this.#datasets[index], {
        borderColor: colour,
        backgroundColor: background,
        pointHoverBackgroundColor: colour,
        borderDash: dash,
        fill: isAlone ? "start" : false,
      });
    });
    this.#options = this.#newOptions(colours);
    Object.assign(this.#options.scales.x, { min, max });
    if (this.#chart) this.#chart.options = this.#options;
  }

  #newOptions(colours) {
    this.overlay.colours = colours;
    return lineOptions(colours, { ...this.#setup, isAlone: this.#lines.length === 1, onRange: this.#onRange });
  }
}
