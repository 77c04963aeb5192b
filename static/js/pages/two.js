import { gettext, interpolate } from "../text.js";
import { LineChart } from "../charts.js";
import { LivePage } from "../live.js";
import { SPAN_LIMIT_MS, SeriesWindow, summarise } from "../models/series.js";
import { ServerClock } from "../models/server_clock.js";
import { WINDOWS_MS, readViewState, writeViewState } from "../models/view_state.js";
import { clockTime, timeElement } from "../times.js";
import { element, jsonScript, part } from "../dom.js";
import { fetchPoints } from "../history.js";
import { fullJitterMs } from "../models/backoff.js";

const PERIOD_MS = 2_000;
const SILENCE_MS = 3 * PERIOD_MS;
const GAP_MS = 2.5 * PERIOD_MS;
const CATCH_UP_SPREAD_MS = 3_000;
const TABLE_ROWS = 12;
const DEVICE = "random";

const region = part("region");
const table = part("table");
const windows = [...region.querySelectorAll("[data-window]")];
const pauseButton = part("pause");
const pauseLabel = part("pause-label");

const series = new SeriesWindow(jsonScript("points", []));
const clock = new ServerClock();
const chart = new LineChart(document.getElementById("iot-chart"), GAP_MS);
const view = readViewState(location.search);
let refetchTimer = 0;
let failures = 0;

function showNumbers(points) {
  const summary = summarise(points);
  part("value").textContent = points.length ? String(points.at(-1)[1]) : "–";
  part("min").textContent = summary ? String(summary.min) : "–";
  part("mean").textContent = summary ? summary.mean.toFixed(1) : "–";
  part("max").textContent = summary ? String(summary.max) : "–";
}

function showTable(points) {
  if (!table.open) return;
  const rows = points.slice(-TABLE_ROWS).reverse().map(([at, value]) => {
    const row = element("tr");
    const time = element("td");
    time.append(timeElement(at, clockTime(at)));
    row.append(time, element("td", "", String(value)));
    return row;
  });
  part("table-rows").replaceChildren(...rows);
}

function showControls() {
  const isPaused = series.pausedAt !== null;
  windows.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.window === view.window)));
  region.toggleAttribute("data-paused", isPaused);
  pauseButton.textContent = isPaused ? gettext("Resume") : gettext("Pause");
  pauseLabel.hidden = !isPaused;
  if (isPaused) {
    const values = { time: clockTime(series.pausedAt), waiting: series.waiting };
    pauseLabel.textContent = interpolate(gettext("Paused %(time)s · %(waiting)s waiting"), values);
  }
}

function show() {
  const { edge } = series;
  if (edge === null) return;
  const spanMs = WINDOWS_MS[view.window];
  const points = series.view(spanMs);
  chart.show(points, edge - spanMs, edge);
  showNumbers(points);
  showTable(points);
  showControls();
}

function keepInUrl() {
  view.pausedAt = series.pausedAt;
  history.replaceState(null, "", location.pathname + writeViewState(location.search, view));
}

/** The visible window and, unless that is too long, everything since. */
function rangeToFetch() {
  const nowMs = Math.ceil(clock.nowMs()) + PERIOD_MS;
  const since = (series.pausedAt ?? nowMs - 2 * PERIOD_MS) - WINDOWS_MS[view.window];
  const until = nowMs - since <= SPAN_LIMIT_MS ? nowMs : series.pausedAt + 1;
  return { device: DEVICE, since, until };
}

async function fetchWindow() {
  clearTimeout(refetchTimer);
  try {
    series.add(await fetchPoints(region.dataset.readings, rangeToFetch()));
    failures = 0;
    show();
  } catch {
    fetchLater(fullJitterMs(++failures));
  }
  part("history-problem").hidden = failures === 0;
}

function fetchLater(delayMs) {
  clearTimeout(refetchTimer);
  refetchTimer = setTimeout(fetchWindow, delayMs);
}

function receive(frame) {
  if (frame?.type === "catch_up") fetchLater(Math.random() * CATCH_UP_SPREAD_MS);
  if (!Array.isArray(frame)) return;
  const readings = frame.filter(({ device, data }) => device === DEVICE && Number.isFinite(data));
  readings.forEach(({ at }) => clock.observe(at));
  if (series.add(readings.map(({ at, data }) => [at, data]))) show();
}

function changeWindow(name) {
  view.window = name;
  keepInUrl();
  show();
  fetchWindow();
}

function togglePause() {
  const wasPaused = series.pausedAt !== null;
  if (wasPaused) series.resume();
  else series.pause();
  keepInUrl();
  show();
  if (wasPaused) fetchWindow();
}

if (series.newestAt !== null) clock.observe(series.newestAt);
if (view.pausedAt !== null) series.pause(view.pausedAt);
windows.forEach((button) => button.addEventListener("click", () => changeWindow(button.dataset.window)));
pauseButton.addEventListener("click", togglePause);
table.addEventListener("toggle", show);
addEventListener("pagehide", () => clearTimeout(refetchTimer));
show();
new LivePage().open(region.dataset.socket, { region, silenceMs: SILENCE_MS, onOpen: fetchWindow, onFrame: receive });
