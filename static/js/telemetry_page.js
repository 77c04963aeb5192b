import { Dashboard } from "./dashboard.js";
import { DeviceDialog } from "./device_dialog.js";
import { Kiosk } from "./kiosk.js";
import { Refetch } from "./refetch.js";
import { TelemetryApi } from "./telemetry_api.js";
import { WindowLoader } from "./window_loader.js";
import { bindCopyButton } from "./clipboard.js";
import { DeviceList } from "./models/device_list.js";
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

/** A telemetry page: charts, cards, table, and the socket that feeds them, opened on `livePage`. */
export function openTelemetry(livePage) {
  const region = part("dashboard");
  const { device: only = "" } = region.dataset;

  const telemetry = new Telemetry();
  const devices = new DeviceList(only);
  const clock = new ServerClock();
  const api = new TelemetryApi(region.dataset);
  const loader = new WindowLoader({ api, telemetry, devices, clock });
  const kiosk = "kiosk" in region.dataset ? new Kiosk(region.dataset.version, api) : null;
  const dashboard = new Dashboard({
    telemetry,
    devices,
    clock,
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
      if (isAsked) await loader.loadDevices();
      dashboard.layOut();
      await loader.loadWindow(dashboard);
      dashboard.layOut({ isLoaded: true });
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

  function receive(frame) {
    if (frame?.type === "catch_up") catchUp(Math.random() * CATCH_UP_SPREAD_MS);
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
  addEventListener("pagehide", () => refetch.stop());
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
