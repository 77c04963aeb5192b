import { AlarmDesk } from "./alarm_desk.js";
import { ChartTalk } from "./chart_talk.js";
import { Dashboard } from "./dashboard.js";
import { DeviceDialog } from "./device_dialog.js";
import { Kiosk } from "./kiosk.js";
import { MomentsLoader } from "./moments_loader.js";
import { Refetch } from "./refetch.js";
import { TelemetryApi } from "./telemetry_api.js";
import { WindowLoader } from "./window_loader.js";
import { bindCopyButton } from "./clipboard.js";
import { DeviceList } from "./models/device_list.js";
import { Moments } from "./models/moments.js";
import { OpenAlarms } from "./models/open_alarms.js";
import { ServerClock } from "./models/server_clock.js";
import { Telemetry } from "./models/telemetry.js";
import { withQuery } from "./models/view_state.js";
import { jsonScript, part } from "./dom.js";

const RANDOM = "random";
const SILENCE_MS = 6_000; // the random feed comes along on every socket here, each 2 s
const CATCH_UP_SPREAD_MS = 3_000;
const NEW_LINE_WITHIN_MS = 1_000;
const LATE_WITHIN_MS = 10_000;
const MOVE_SETTLES_MS = 200;
const MOMENT_FRAMES = new Set(["pin", "unpin", "alarm"]);

/** A telemetry page: charts, cards, table, alarms, and the socket that feeds them, opened on `livePage`. */
export function openTelemetry(livePage) {
  const region = part("dashboard");
  const { device: only = "" } = region.dataset;

  const telemetry = new Telemetry();
  const devices = new DeviceList(only);
  const clock = new ServerClock();
  const urls = { ...region.dataset, ...part("charts").dataset };
  const api = new TelemetryApi(urls);
  const loader = new WindowLoader({ api, telemetry, devices, clock });
  const moments = new Moments();
  const openAlarms = new OpenAlarms();
  const momentsLoader = new MomentsLoader({ api, moments, openAlarms, clock });
  const alarmDesk = new AlarmDesk({ alarms: openAlarms, devices, clock, api, onAcknowledged: (alarm) => receive({ type: "alarm", alarm }) });
  const kiosk = "kiosk" in region.dataset ? new Kiosk(region.dataset.version, api) : null;
  const dashboard = new Dashboard({
    telemetry,
    devices,
    clock,
    talk: new ChartTalk({ moments, devices, clock, urls, isClosed: "closed" in region.dataset }),
    openAlarms,
    csvUrl: (chosen, { from, to }) => api.csvUrl({ devices: chosen, since: from, until: to + 1 }),
    isKiosk: kiosk !== null,
    hasPast: (slug) => loader.hasPast(slug),
    onWish: (isMoving) => refetch.within(isMoving ? MOVE_SETTLES_MS : 0),
  });
  let areDevicesKnown = false;

  const refetch = new Refetch(
    async () => {
      const isAsked = !areDevicesKnown;
      areDevicesKnown = true; // before the answer, so that a wish meanwhile is a new one
      if (isAsked) await Promise.all([loader.loadDevices(), momentsLoader.loadAlarms().then((raised) => alarmDesk.show(raised))]);
      dashboard.layOut();
      await Promise.all([
        loader.loadWindow(dashboard).then(() => dashboard.layOut({ isLoaded: true })),
        momentsLoader.loadWindow(dashboard.view, loader.devicesToAsk(dashboard)).then(() => dashboard.showMoments()),
      ]);
      if (Number.isFinite(loader.refetchAfterMs)) refetch.within(loader.refetchAfterMs);
    },
    (isOk) => {
      areDevicesKnown &&= isOk;
      part("history-problem").hidden = isOk;
    },
  );

  /** The whole window, and what else may have changed meanwhile: devices, names, the server's time. */
  function catchUp(withinMs = 0) {
    areDevicesKnown = false;
    refetch.within(withinMs);
  }

  function receiveMoment(frame) {
    if (frame.type === "alarm") alarmDesk.receive(frame.alarm);
    if (moments.receive(frame)) dashboard.showMoments();
    if (moments.takeBehind()) refetch.within(LATE_WITHIN_MS);
  }

  function receive(frame) {
    if (frame?.type === "catch_up") catchUp(Math.random() * CATCH_UP_SPREAD_MS);
    if (MOMENT_FRAMES.has(frame?.type)) receiveMoment(frame);
    if (!Array.isArray(frame)) return;
    for (const { device, at } of frame) if (device === RANDOM) clock.observe(at);
    const isNew = telemetry.receive(only ? frame.filter(({ device }) => device === only) : frame);
    if (telemetry.takeBehind()) refetch.within(LATE_WITHIN_MS);
    if (!isNew) return;
    dashboard.noteNewLine();
    catchUp(NEW_LINE_WITHIN_MS);
  }

  function showFirstPoints(points) {
    if (points.length === 0 || (only && only !== RANDOM)) return;
    telemetry.receive(points.map(([at, data]) => ({ device: RANDOM, metric: "value", unit: "", at, data })));
    clock.observe(points.at(-1)[0]);
  }

  showFirstPoints(jsonScript("points", []));
  if (part("device-dialog")) new DeviceDialog(api, () => catchUp());
  for (const example of document.querySelectorAll("[data-part=example]")) {
    bindCopyButton(part("example-copy", example), () => part("example-text", example).textContent);
  }
  for (const link of document.querySelectorAll("[data-keeps-view]")) {
    link.href = withQuery(link.getAttribute("href"), [], location.search);
  }
  dashboard.start();
  // What a hidden tab drew is old, and its timers slept.
  document.addEventListener("visibilitychange", () => !document.hidden && catchUp());
  document.addEventListener("show-moment", ({ detail }) => dashboard.showMoment(detail));
  addEventListener("pagehide", () => refetch.stop());
  addEventListener("pagehide", () => alarmDesk.stop());
  // The past is asked for once the socket is open, so that nothing falls between the two.
  livePage.open(withQuery(region.dataset.socket, [], location.search), {
    region,
    silenceMs: SILENCE_MS,
    onOpen: (again) => {
      catchUp();
      if (again) kiosk?.check();
    },
    onFrame: receive,
  });
}
