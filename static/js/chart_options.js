import { clockTime, dayAndClock, dayText, minuteTime } from "./times.js";
import { axisLabel, withUnit } from "./models/numbers.js";
import { stepOf, timeTicks } from "./models/time_ticks.js";
import { DAY_MS, MINUTE_MS } from "./models/time_units.js";

const TICK_ROOM_PX = 72;
const EDGE_LABEL_PX = 28;
const VALUE_ROOM_PX = 44;
const PIN_ROOM_PX = 22;
const DRAG_THRESHOLD_PX = 8;
const FROM_ZERO = /^%$|\/s$/; // shares and rates say little without their zero

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

function keepValueRoom(axis) {
  axis.width = Math.max(axis.width, VALUE_ROOM_PX);
}

/** Chart.js calls it on the axis. */
function tickLabel(at, index, ticks) {
  const stepMs = stepOf(ticks.map(({ value }) => value), this.max - this.min);
  const time = minuteTime(at);
  if (stepMs >= DAY_MS || (stepMs > MINUTE_MS && time === "00:00")) return dayText(at);
  return stepMs % MINUTE_MS === 0 ? time : clockTime(at);
}

function valueScale({ unit, fixed }, colours) {
  return {
    ...(fixed ? { min: fixed[0], max: fixed[1] } : { beginAtZero: FROM_ZERO.test(unit) }),
    border: { display: false },
    grid: { color: colours.grid, drawTicks: false },
    afterFit: keepValueRoom,
    ticks: {
      color: colours.text,
      padding: 8,
      maxTicksLimit: 6,
      ...(fixed ? { stepSize: (fixed[1] - fixed[0]) / 4 } : {}),
      callback: (value, index, ticks) => axisLabel(
        value,
        ticks.map((tick) => tick.value),
        unit,
      ),
    },
  };
}

function tooltip(colours, unit) {
  return {
    backgroundColor: colours.tip,
    titleColor: colours.tipText,
    bodyColor: colours.tipText,
    displayColors: false,
    padding: 10,
    callbacks: {
      title: ([item]) => (item ? dayAndClock(item.parsed.x) : ""),
      label: (item) => `${item.dataset.label}  ${withUnit(item.parsed.y, unit)}`,
    },
  };
}

/** Drag chooses a range, Shift and drag moves, Ctrl and the wheel zooms; fingers pinch and move. `onRange({from, to})`. */
function zoomPlugin(colours, onRange) {
  const report = ({ chart }) => onRange({ from: chart.scales.x.min, to: chart.scales.x.max });
  return {
    pan: { enabled: true, mode: "x", modifierKey: "shift", onPan: report },
    zoom: {
      mode: "x",
      onZoom: report,
      wheel: { enabled: true, modifierKey: "ctrl" },
      pinch: { enabled: true },
      drag: {
        enabled: true,
        threshold: DRAG_THRESHOLD_PX,
        backgroundColor: colours.area,
        borderColor: colours.line,
        borderWidth: 1,
      },
    },
  };
}

/** Chart.js options for lines of one `unit` over time; `fixed` `[low, high]` where the values' bounds are known, `isAlone` for a single line. */
export function lineOptions(colours, { unit = "", fixed = null, isAlone = true, onRange }) {
  return {
    parsing: false,
    normalized: true,
    animation: false,
    maintainAspectRatio: false,
    interaction: { mode: "nearest", axis: isAlone ? "x" : "xy", intersect: false },
    layout: { padding: { top: PIN_ROOM_PX } },
    scales: {
      x: {
        type: "time",
        border: { display: false },
        grid: { display: false },
        afterBuildTicks: placeTicks,
        afterFit: keepEdges,
        ticks: { color: colours.text, maxRotation: 0, autoSkip: false, callback: tickLabel },
      },
      y: valueScale({ unit, fixed }, colours),
    },
    plugins: {
      legend: { display: false },
      tooltip: tooltip(colours, unit),
      zoom: zoomPlugin(colours, onRange),
    },
  };
}
