import { Refetch } from "./refetch.js";
import { part } from "./dom.js";

/** Waits for each of them, also where one fails: what is still under way would meet the next attempt. */
async function allOf(tasks) {
  const ends = await Promise.allSettled(tasks);
  const failed = ends.find(({ status }) => status === "rejected");
  if (failed) throw failed.reason;
}

/** Keeps complete what a telemetry page shows: devices, open alarms, the window of its view, and what was said in it. */
export class PastLoader {
  #windows;
  #moments;
  #dashboard;
  #alarmDesk;
  #onWindow;
  #areDevicesKnown = false;
  #refetch = new Refetch(
    () => this.#load(),
    (isOk) => this.#loaded(isOk),
  );

  /** `windows` is the page's WindowLoader, `moments` its MomentsLoader; `onWindow()` when a window's readings have come. */
  constructor({ windows, moments, dashboard, alarmDesk, onWindow }) {
    this.#windows = windows;
    this.#moments = moments;
    this.#dashboard = dashboard;
    this.#alarmDesk = alarmDesk;
    this.#onWindow = onWindow;
  }

  /** The window again, within `ms`. */
  within(ms) {
    this.#refetch.within(ms);
  }

  /** The whole window, and what else may have changed meanwhile: devices, names, the server's time. */
  catchUp(withinMs = 0) {
    this.#areDevicesKnown = false;
    this.#refetch.within(withinMs);
  }

  stop() {
    this.#refetch.stop();
  }

  async #load() {
    await this.#loadDevices();
    this.#dashboard.layOut();
    await allOf([this.#loadWindow(), this.#loadMoments()]);
    if (Number.isFinite(this.#windows.refetchAfterMs)) this.#refetch.within(this.#windows.refetchAfterMs);
  }

  async #loadDevices() {
    if (this.#areDevicesKnown) return;
    this.#areDevicesKnown = true; // before the answer, so that a wish meanwhile is a new one
    await allOf([this.#windows.loadDevices(), this.#loadAlarms()]);
    this.#alarmDesk.show([]); // the names of the devices may have come after the alarms
  }

  async #loadAlarms() {
    this.#alarmDesk.show(await this.#moments.loadAlarms());
  }

  async #loadWindow() {
    await this.#windows.loadWindow(this.#dashboard);
    this.#dashboard.layOut({ isLoaded: true });
    this.#onWindow();
  }

  async #loadMoments() {
    await this.#moments.loadWindow(this.#dashboard.view, this.#windows.devicesToAsk(this.#dashboard));
    this.#dashboard.showMoments();
  }

  #loaded(isOk) {
    this.#areDevicesKnown &&= isOk;
    part("past-problem").hidden = isOk;
  }
}
