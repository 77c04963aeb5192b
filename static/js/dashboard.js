import { Address } from "./address.js";
import { ChartGrid } from "./chart_grid.js";
import { DeviceCards } from "./device_cards.js";
import { Painter } from "./painter.js";
import { Selection } from "./models/selection.js";
import { Toolbar } from "./toolbar.js";
import { ValueTable } from "./value_table.js";
import { ageText } from "./device_card.js";
import { lineKey } from "./models/telemetry.js";
import { Viewport } from "./models/viewport.js";
import { readViewState, writeViewState } from "./models/view_state.js";
import { bringIntoView, part, setText } from "./dom.js";

/** Some more than the window, since a line enters the picture from outside it. */
const KEPT_WINDOWS = 1.1;

/**
 * What is shown, and how people change it: the window or a held range, the chosen devices, the lines that are switched off.
 * All of it stands in the page's address. `onWish(isMoving)` asks for the past of what is shown now;
 * `hasPast(slug)` tells whose past is there; `talk` is the way to the rooms, `openAlarms` mark the devices they are of.
 */
export class Dashboard {
  view;
  #selection;
  #telemetry;
  #devices;
  #clock;
  #hasPast;
  #openAlarms;
  #onWish;
  #grid;
  #cards;
  #table;
  #toolbar;
  #painter;
  #address = new Address();
  #isNewLine = false;

  constructor({ telemetry, devices, clock, talk, openAlarms, csvUrl, isKiosk = false, hasPast, onWish }) {
    const state = readViewState(location.search);
    this.view = new Viewport(state);
    this.#selection = new Selection(devices.only ? { ...state, devices: [devices.only] } : state);
    this.#telemetry = telemetry;
    this.#devices = devices;
    this.#clock = clock;
    this.#hasPast = hasPast;
    this.#openAlarms = openAlarms;
    this.#onWish = onWish;
    this.#grid = this.#newGrid(talk, isKiosk);
    this.#toolbar = this.#newToolbar(csvUrl);
    const onFind = () => this.showNumbers();
    this.#cards = part("cards") && new DeviceCards(devices, { onPick: (slug) => this.#pick(slug), onFind });
    this.#table = new ValueTable(devices, onFind);
    this.#painter = new Painter({
      grid: this.#grid,
      view: this.view,
      range: () => this.#range,
      onNumbers: () => this.#refresh(),
    });
    if (this.view.isHeld) telemetry.hold();
  }

  #newGrid(talk, isKiosk) {
    const acts = {
      onRange: (range) => this.#change((nowMs) => this.view.show(range, nowMs)),
      onToggle: (key) => this.#toggle(key),
      onShowReading: (at) => this.#change((nowMs) => this.view.showReading(at, nowMs)),
    };
    return new ChartGrid(this.#devices, acts, { talk, isKiosk });
  }

  #newToolbar(csvUrl) {
    const { view } = this;
    return new Toolbar({
      onWindow: (name) => this.#change(() => view.choose(name)),
      onPause: () => this.#change((nowMs) => (view.isHeld ? view.goLive() : view.pause(nowMs))),
      onMove: (share) => this.#change((nowMs) => view.move(share, nowMs)),
      onZoom: (factor) => this.#change((nowMs) => view.zoom(factor, nowMs)),
      csvUrl: () => csvUrl(this.devices, this.#range),
    });
  }

  start() {
    this.layOut();
    this.#painter.start();
  }

  /** The chosen devices; none are all. */
  get devices() {
    return this.#selection.devices;
  }

  /** The lines that have a place on a chart. */
  get lines() {
    return this.#grid.groups.charts.flatMap(({ lines }) => lines);
  }

  /** Something was said, or an alarm changed: drawn soon, also while the view stands still. */
  showMoments() {
    this.#painter.draw();
  }

  /** Moves to a moment of a line, if it is not in view, and rings it. */
  showMoment({ device, metric, at }) {
    const key = lineKey(device, metric);
    this.#selection.hidden.delete(key);
    this.#change((nowMs) => this.view.showMoment(at, this.#devices.intervalMs(device), nowMs));
    this.layOut();
    this.#grid.ring(key, at);
  }

  /** Rings a moment where it is in view; whether its line has a chart. */
  ringMoment({ device, metric, at }) {
    return this.#grid.ring(lineKey(device, metric), at);
  }

  /** A line came that has no place yet; it gets one with the next numbers. */
  noteNewLine() {
    this.#isNewLine = true;
  }

  /** Gives each line its place on a chart; `isLoaded` when the window was fetched anew. */
  layOut({ isLoaded = false } = {}) {
    this.#isNewLine = false;
    this.#grid.show(this.#allLines(), this.#selection, { range: this.#range, isLoaded });
    this.#telemetry.follow(this.lines);
    this.showNumbers();
    this.#painter.draw();
  }

  showNumbers() {
    if (this.#isNewLine) {
      this.layOut();
      return;
    }
    const nowMs = this.#clock.nowMs();
    const range = this.view.range(nowMs);
    const { only } = this.#devices;
    this.#telemetry.forgetBefore(nowMs - KEPT_WINDOWS * this.view.liveSpanMs);
    this.#grid.update(range, nowMs);
    const alarmsOf = (slug) => this.#openAlarms.list(slug);
    this.#cards?.update(this.#allLines(), { picked: this.devices, hasPast: this.#hasPast, alarmsOf }, range, nowMs);
    this.#table.update(this.lines, range);
    this.#toolbar.show(this.view, this.#telemetry.waiting);
    if (only) setText(part("device-age"), this.#ageOf(only, nowMs));
  }

  /** What is due each time the numbers are: in the rhythm of the painter, never out of `layOut` itself. */
  #refresh() {
    if (this.#grid.isOutdated(this.#range)) this.layOut();
    else this.showNumbers();
  }

  get #range() {
    return this.view.range(this.#clock.nowMs());
  }

  #allLines() {
    return [...this.#telemetry.lines.values()];
  }

  #ageOf(slug, nowMs) {
    const at = this.#devices.newestAt(slug, this.#allLines());
    return ageText(this.#devices.stateOf(slug, at, nowMs), at, nowMs);
  }

  /** Shows something else: at once from what the page has, then in full from the server. */
  #change(act) {
    act(this.#clock.nowMs());
    if (this.view.isHeld) this.#telemetry.hold();
    else this.#telemetry.release();
    this.#keepInUrl();
    this.#painter.draw();
    const isMoving = this.view.zoomed !== null;
    if (isMoving) this.#toolbar.show(this.view, this.#telemetry.waiting);
    else this.showNumbers();
    this.#onWish(isMoving);
  }

  #toggle(key) {
    this.#selection.toggle(key);
    this.#keepInUrl();
    this.layOut();
  }

  #pick(slug) {
    const isOnly = slug !== null && this.devices.length === 0;
    this.#selection.pick(slug);
    this.#keepInUrl();
    this.layOut();
    this.#onWish(false);
    if (isOnly) bringIntoView(part("charts"));
  }

  #keepInUrl() {
    const { window, pausedAt, zoomed } = this.view;
    const { hidden } = this.#selection;
    const devices = this.#devices.only ? [] : this.devices;
    this.#address.write((search) => writeViewState(search, { window, pausedAt, zoomed, devices, hidden }));
  }
}
