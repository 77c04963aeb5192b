import { clockTime, minuteTime } from "./times.js";
import { timeTicks } from "./models/time_ticks.js";

const { Chart } = globalThis;
const NEWEST_DOT_RADIUS = 4;
const TICK_ROOM_PX = 100;
const MINUTE_MS = 60_000;

function readColours() {
  const style = getComputedStyle(document.documentElement);
  const token = (name) => style.getPropertyValue(name).trim();
  return {
    line: token("--chart-line"),
    area: token("--chart-area"),
    grid: token("--chart-grid"),
    text: token("--text-quiet"),
    tip: token("--text"),
    tipText: token("--canvas"),
  };
}

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

/** Round times, as many as have room. */
function placeTicks(axis) {
  const values = timeTicks(axis.min, axis.max, Math.floor(axis.width / TICK_ROOM_PX));
  axis.ticks = values.map((value) => ({ value }));
}

function tickLabel(value, index, ticks) {
  const stepMs = ticks.length > 1 ? ticks[1].value - ticks[0].value : 0;
  return stepMs % MINUTE_MS === 0 ? minuteTime(value) : clockTime(value);
}

function optionsOf(colours) {
  return {
    parsing: false,
    normalized: true,
    animation: false,
    maintainAspectRatio: false,
    interaction: { mode: "nearest", axis: "x", intersect: false },
    layout: { padding: { top: 8, right: 8 } },
    scales: {
      x: {
        type: "time",
        border: { display: false },
        grid: { display: false },
        afterBuildTicks: placeTicks,
        ticks: { color: colours.text, maxRotation: 0, autoSkip: false, callback: tickLabel },
      },
      y: {
        min: 0,
        max: 100,
        border: { display: false },
        grid: { color: colours.grid, drawTicks: false },
        ticks: { color: colours.text, stepSize: 25, padding: 8 },
      },
    },
    plugins: {
      legend: { display: false },
      tooltip: {
        backgroundColor: colours.tip,
        titleColor: colours.tipText,
        bodyColor: colours.tipText,
        displayColors: false,
        padding: 10,
        callbacks: { title: ([item]) => clockTime(item.parsed.x) },
      },
    },
  };
}

/** A line of values 0-100 over time in `canvas`. A silence of more than `gapMs` stays a gap. */
export class LineChart {
  #chart;
  #frame = 0;
  #next = null;
  #theme = matchMedia("(prefers-color-scheme: dark)");
  #stop = new AbortController();

  constructor(canvas, gapMs) {
    const dataset = { data: [], pointRadius: 0, pointHoverRadius: 4, borderWidth: 2, spanGaps: gapMs, fill: "origin" };
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
    this.#chart.data.datasets[0].data = points.map(([x, y]) => ({ x, y }));
    Object.assign(this.#chart.options.scales.x, { min: from, max: to });
    this.#chart.update("none");
  }

  #paint() {
    const colours = readColours();
    const { min, max } = this.#chart.options.scales?.x ?? {};
    const [dataset] = this.#chart.data.datasets;
    Object.assign(dataset, { borderColor: colours.line, backgroundColor: colours.area });
    this.#chart.options = optionsOf(colours);
    Object.assign(this.#chart.options.scales.x, { min, max });
    this.#chart.update("none");
  }
}
