import { gettext, interpolate } from "../text.js";
import { LineChart } from "../charts.js";
import { LivePage } from "../live.js";
import { Readout } from "../readout.js";
import { SPAN_LIMIT_MS, SeriesWindow } from "../models/series.js";
import { ServerClock } from "../models/server_clock.js";
import { WINDOWS_MS, readViewState, writeViewState } from "../models/view_state.js";
import { clockTime } from "../times.js";
import { fetchPoints } from "../history.js";
import { fullJitterMs } from "../models/backoff.js";
import { jsonScript, part } from "../dom.js";

const PERIOD_MS = 2_000;
const SILENCE_MS = 3 * PERIOD_MS;
const GAP_MS = 2.5 * PERIOD_MS;
const CATCH_UP_SPREAD_MS = 3_000;
const DEVICE = "random";

const region = part("region");
const windows = [...region.querySelectorAll("[data-window]")];
const pauseButton = part("pause");
const pauseLabel = part("pause-label");

const series = new SeriesWindow(jsonScript("points", []));
const clock = new ServerClock();
const chart = new LineChart(document.getElementById("iot-chart"), GAP_MS);
const readout = new Readout();
const view = readViewState(location.search);
let refetchTimer = 0;
let failures = 0;

/** The count is left out where more may wait than the page has seen. */
function pauseSentence() {
  const isCounted = series.waiting * GAP_MS >= series.newestAt - series.pausedAt;
  const text = isCounted ? gettext("Paused %(time)s · %(waiting)s waiting") : gettext("Paused %(time)s");
  return interpolate(text, { time: clockTime(series.pausedAt), waiting: series.waiting });
}

function showControls() {
  const isPaused = series.pausedAt !== null;
  windows.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.window === view.window)));
  region.toggleAttribute("data-paused", isPaused);
  pauseButton.textContent = isPaused ? gettext("Resume") : gettext("Pause");
  pauseLabel.hidden = !isPaused;
  if (isPaused) pauseLabel.textContent = pauseSentence();
}

function show() {
  const { edge } = series;
  if (edge === null) return;
  const spanMs = WINDOWS_MS[view.window];
  const points = series.view(spanMs);
  chart.show(points, edge - spanMs, edge);
  readout.show(points);
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
addEventListener("pagehide", () => clearTimeout(refetchTimer));
show();
new LivePage().open(region.dataset.socket, { region, silenceMs: SILENCE_MS, onOpen: fetchWindow, onFrame: receive });
