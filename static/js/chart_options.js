import { clockTime, minuteTime } from "./times.js";
import { timeTicks } from "./models/time_ticks.js";

const TICK_ROOM_PX = 72;
const EDGE_LABEL_PX = 28;
const MINUTE_MS = 60_000;

/** The colours of the theme of the moment, from tokens.css. */
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
  };
}

/** Round times, as many as have room. */
function placeTicks(axis) {
  const values = timeTicks(axis.min, axis.max, Math.floor(axis.width / TICK_ROOM_PX));
  axis.ticks = values.map((value) => ({ value }));
}

/** The same room whether or not a label happens to stand at an edge, or the chart would breathe. */
function keepEdges(axis) {
  axis.paddingLeft = EDGE_LABEL_PX;
  axis.paddingRight = EDGE_LABEL_PX;
}

function tickLabel(value, index, ticks) {
  const stepMs = ticks.length > 1 ? ticks[1].value - ticks[0].value : 0;
  return stepMs % MINUTE_MS === 0 ? minuteTime(value) : clockTime(value);
}

/** Chart.js options for a line of values 0-100 over time. */
export function lineOptions(colours) {
  return {
    parsing: false,
    normalized: true,
    animation: false,
    maintainAspectRatio: false,
    interaction: { mode: "nearest", axis: "x", intersect: false },
    layout: { padding: { top: 8 } },
    scales: {
      x: {
        type: "time",
        border: { display: false },
        grid: { display: false },
        afterBuildTicks: placeTicks,
        afterFit: keepEdges,
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
