import { AlarmDesk } from "./alarm_desk.js";
import { ChartTalk } from "./chart_talk.js";
import { Dashboard } from "./dashboard.js";
import { DeviceDialog } from "./device_dialog.js";
import { Kiosk } from "./kiosk.js";
import { MomentsLoader } from "./moments_loader.js";
import { PastLoader } from "./past_loader.js";
import { TelemetryApi } from "./telemetry_api.js";
import { WindowLoader } from "./window_loader.js";
import { bindCopyButton } from "./clipboard.js";
import { DeviceList } from "./models/device_list.js";
import { Moments } from "./models/moments.js";
import { OpenAlarms } from "./models/open_alarms.js";
import { ServerClock } from "./models/server_clock.js";
import { RANDOM } from "./models/chart_groups.js";
import { readMomentHash } from "./models/moment.js";
import { Telemetry } from "./models/telemetry.js";
import { withQuery } from "./models/view_state.js";
import { jsonScript, part } from "./dom.js";

const SILENCE_MS = 6_000; // the random feed comes along on every socket here, each 2 s
const CATCH_UP_SPREAD_MS = 3_000;
const NEW_LINE_WITHIN_MS = 1_000;
const LATE_WITHIN_MS = 10_000;
const MOVE_SETTLES_MS = 200;
const MOMENT_FRAMES = new Set(["pin", "unpin", "alarm"]);

/** A telemetry page: charts, cards, table, alarms, and the socket that feeds them. */
export class TelemetryPage {
  #region = part("dashboard");
  #facts = this.#region.dataset;
  #only = this.#facts.device ?? "";
  #urls = { ...this.#facts, ...part("charts").dataset };
  #api = new TelemetryApi(this.#urls);
  #telemetry = new Telemetry();
  #devices = new DeviceList(this.#only);
  #clock = new ServerClock();
  #moments = new Moments();
  #openAlarms = new OpenAlarms();
  #alarmDesk;
  #kiosk;
  #dashboard;
  #past;
  #named = null;

  constructor(livePage) {
    this.#openAlarmDesk();
    this.#kiosk = "kiosk" in this.#facts ? new Kiosk(this.#facts.version, this.#api) : null;
    this.#openDashboard();
    this.#showFirstPoints(jsonScript("points", []));
    this.#bindControls();
    this.#dashboard.start();
    delete this.#facts.unplaced;
    this.#followPage();
    this.#openSocket(livePage);
  }

  #openAlarmDesk() {
    this.#alarmDesk = new AlarmDesk({
      alarms: this.#openAlarms,
      devices: this.#devices,
      clock: this.#clock,
      api: this.#api,
      onAcknowledged: (alarm) => this.#receive({ type: "alarm", alarm }),
    });
  }

  /** The charts and all around them, and what fetches their past. */
  #openDashboard() {
    const known = { api: this.#api, devices: this.#devices, clock: this.#clock };
    const [telemetry, moments, openAlarms] = [this.#telemetry, this.#moments, this.#openAlarms];
    const windows = new WindowLoader({ ...known, telemetry });
    const devices = jsonScript("devices", null);
    if (devices) windows.takeDevices(devices);
    this.#dashboard = new Dashboard({
      ...known,
      telemetry,
      openAlarms,
      talk: new ChartTalk({ ...known, moments, urls: this.#urls, isClosed: "closed" in this.#facts }),
      csvUrl: (chosen, { from, to }) => this.#api.csvUrl({ devices: chosen, since: from, until: to + 1 }),
      isKiosk: this.#kiosk !== null,
      hasPast: (slug) => windows.hasPast(slug),
      onWish: (isMoving) => this.#past.within(isMoving ? MOVE_SETTLES_MS : 0),
    });
    this.#past = new PastLoader({
      windows,
      moments: new MomentsLoader({ ...known, moments, openAlarms }),
      dashboard: this.#dashboard,
      alarmDesk: this.#alarmDesk,
      onWindow: () => this.#ringNamed(),
    });
  }

  /** What the server rendered of the random feed, until its past is fetched. */
  #showFirstPoints(points) {
    if (points.length === 0 || (this.#only && this.#only !== RANDOM)) return;
    this.#telemetry.receive(points.map(([at, data]) => ({ device: RANDOM, metric: "value", unit: "", at, data })));
    this.#clock.observe(points.at(-1)[0]);
  }

  #bindControls() {
    if (part("device-dialog")) new DeviceDialog(this.#api, () => this.#past.catchUp());
    for (const example of document.querySelectorAll("[data-part=example]")) {
      bindCopyButton(part("example-copy", example), () => part("example-text", example).textContent);
    }
    for (const link of document.querySelectorAll("[data-keeps-view]")) {
      link.href = withQuery(link.getAttribute("href"), [], location.search);
    }
  }

  #followPage() {
    // What a hidden tab drew is old, and its timers slept.
    document.addEventListener("visibilitychange", () => !document.hidden && this.#past.catchUp());
    document.addEventListener("show-moment", ({ detail }) => this.#dashboard.showMoment(detail));
    addEventListener("hashchange", () => this.#followHash());
    this.#followHash();
    addEventListener("pagehide", () => {
      this.#past.stop();
      this.#alarmDesk.stop();
    });
  }

  #followHash() {
    this.#named = readMomentHash(location.hash, this.#only, "moment");
    this.#ringNamed();
  }

  /** The moment that the address names; its line may come with the first window. */
  #ringNamed() {
    if (this.#named && this.#dashboard.ringMoment(this.#named)) this.#named = null;
  }

  /** The past is asked for once the socket is open, so that nothing falls between the two. */
  #openSocket(livePage) {
    livePage.open(withQuery(this.#facts.socket, [], location.search), {
      region: this.#region,
      silenceMs: SILENCE_MS,
      onOpen: (again) => {
        this.#past.catchUp();
        if (again) this.#kiosk?.check();
      },
      onFrame: (frame) => this.#receive(frame),
    });
  }

  #receive(frame) {
    if (frame?.type === "catch_up") this.#past.catchUp(Math.random() * CATCH_UP_SPREAD_MS);
    if (MOMENT_FRAMES.has(frame?.type)) this.#receiveMoment(frame);
    if (Array.isArray(frame)) this.#receiveReadings(frame);
  }

  #receiveMoment(frame) {
    if (frame.type === "alarm") this.#alarmDesk.receive(frame.alarm);
    if (this.#moments.receive(frame)) this.#dashboard.showMoments();
    if (this.#moments.takeBehind()) this.#past.within(LATE_WITHIN_MS);
  }

  #receiveReadings(readings) {
    for (const { device, at } of readings) if (device === RANDOM) this.#clock.observe(at);
    const shown = this.#only ? readings.filter(({ device }) => device === this.#only) : readings;
    const isNew = this.#telemetry.receive(shown);
    if (this.#telemetry.takeBehind()) this.#past.within(LATE_WITHIN_MS);
    if (!isNew) return;
    this.#dashboard.noteNewLine();
    this.#past.catchUp(NEW_LINE_WITHIN_MS);
  }
}
