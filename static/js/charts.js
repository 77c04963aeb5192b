import { lineOptions, readColours } from "./chart_options.js";

const { Chart } = globalThis;
const NEWEST_DOT_RADIUS = 4;
const DENSE_PX = 3;

const newestDot = {
  id: "newestDot",
  afterDatasetsDraw(chart) {
    const dot = chart.getDatasetMeta(0).data.at(-1);
    if (!dot) return;
    const { ctx } = chart;
    ctx.save();
    ctx.beginPath();
    ctx.arc(dot.x, dot.y, NEWEST_DOT_RADIUS, 0, 2 * Math.PI);
    ctx.fillStyle = chart.data.datasets[0].borderColor;
    ctx.fill();
    ctx.restore();
  },
};

/** A line of values 0-100 over time in `canvas`. A silence of more than `gapMs` stays a gap. */
export class LineChart {
  #chart;
  #frame = 0;
  #next = null;
  #theme = matchMedia("(prefers-color-scheme: dark)");
  #stop = new AbortController();

  constructor(canvas, gapMs) {
    const dataset = { data: [], pointRadius: 0, pointHoverRadius: 4, spanGaps: gapMs, fill: "origin" };
    Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
    this.#chart = new Chart(canvas, { type: "line", data: { datasets: [dataset] }, plugins: [newestDot] });
    this.#paint();
    this.#theme.addEventListener("change", () => this.#paint(), { signal: this.#stop.signal });
  }

  /** Draws `points` `[at, value]` between the times `from` and `to`, in the next animation frame and once per frame. */
  show(points, from, to) {
    this.#next = { points, from, to };
    this.#frame ||= requestAnimationFrame(() => this.#draw());
  }

  destroy() {
    this.#stop.abort();
    cancelAnimationFrame(this.#frame);
    this.#chart.destroy();
  }

  #draw() {
    this.#frame = 0;
    const { points, from, to } = this.#next;
    const [dataset] = this.#chart.data.datasets;
    dataset.data = points.map(([x, y]) => ({ x, y }));
    dataset.borderWidth = points.length * DENSE_PX > this.#chart.width ? 1 : 2;
    Object.assign(this.#chart.options.scales.x, { min: from, max: to });
    this.#chart.update("none");
  }

  #paint() {
    const colours = readColours();
    const { min, max } = this.#chart.options.scales?.x ?? {};
    const [dataset] = this.#chart.data.datasets;
    Object.assign(dataset, { borderColor: colours.line, backgroundColor: colours.area });
    this.#chart.options = lineOptions(colours);
    Object.assign(this.#chart.options.scales.x, { min, max });
    this.#chart.update("none");
  }
}
