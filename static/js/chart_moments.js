import { ChartPicker } from "./chart_picker.js";
import { PinLayer } from "./pin_layer.js";
import { NEAR_PX, PinGroups } from "./models/pin_groups.js";
import { walk } from "./models/walk.js";
import { part } from "./dom.js";

const FINGER_PX = 30;
const RING_MS = 4_000;
const BELOW_PX = 12;

/** What is said on one chart: its pins, the bands of its alarms, and the choice of a point to talk about. */
export class ChartMoments {
  #root;
  #canvas;
  #chart;
  #talk;
  #lines = [];
  #range = { from: 0, to: 0 };
  #pins;
  #groups;
  #keys = [];
  #revision = -1;
  #walkedTo = null;
  #ringTimer = 0;
  #nearPx = matchMedia("(pointer: coarse)").matches ? FINGER_PX : NEAR_PX;

  /** `chart` is the panel's LineChart, `talk` the page's ChartTalk; `onRange({from, to})` zooms. */
  constructor(root, chart, talk, onRange) {
    this.#root = root;
    this.#canvas = root.querySelector("canvas");
    this.#chart = chart;
    this.#talk = talk;
    this.#groups = new PinGroups(talk.moments);
    this.#pins = new PinLayer(part("pins", root), {
      onOpen: (group, button, how) => talk.openPins(group, button, { ...how, panel: root, onRange }),
      onLeave: () => talk.leavePins(),
      onGone: () => this.#canvas.focus({ preventScroll: true }),
    });
    new ChartPicker(this.#canvas, part("walk", root), {
      isClosed: talk.isClosed,
      at: (x, y) => this.#momentNear(x, y),
      walk: (key) => this.#walk(key),
      textOf: (moment) => talk.textOf(moment),
      onPick: (moment, { isByKey = false } = {}) => this.#pick(moment, isByKey),
      onLeave: () => this.#leave(),
    });
  }

  /** `lines` in the order of the chart; `hidden` are the keys of those that are switched off. */
  show(lines, hidden) {
    this.#lines = lines;
    this.#keys = lines.map(({ key }) => key).filter((key) => !hidden.has(key));
    this.#groups.setLines(this.#keys);
    this.#revision = -1;
    const { overlay } = this.#chart;
    const index = lines.findIndex(({ key }) => key === overlay.ring?.key);
    overlay.ring = index < 0 ? null : { ...overlay.ring, index };
  }

  /** What lies under the lines, before they are drawn. */
  prepare(range) {
    const { overlay } = this.#chart;
    const { moments } = this.#talk;
    this.#range = range;
    overlay.nowMs = this.#talk.nowMs();
    if (this.#revision === moments.revision) return;
    this.#revision = moments.revision;
    overlay.alarms = moments.alarmsOf(this.#keys);
    this.#root.toggleAttribute("data-alarm", overlay.alarms.some(({ cleared }) => cleared === null));
  }

  /** What lies over the lines, once they are drawn. */
  draw(range) {
    const groups = this.#groups.within(range, this.#chart.area.width, this.#nearPx);
    this.#pins.show(groups, (at) => this.#chart.xOf(at));
  }

  /** Rings the moment `at` of the line `key` for a while. */
  ringFor(key, at) {
    this.#ring({ key, at });
    this.#ringTimer = setTimeout(() => this.#ring(null), RING_MS);
  }

  destroy() {
    clearTimeout(this.#ringTimer);
  }

  #ring(place) {
    clearTimeout(this.#ringTimer);
    const index = this.#lines.findIndex(({ key }) => key === place?.key);
    this.#chart.overlay.ring = index < 0 ? null : { ...place, index };
    this.#chart.redraw();
  }

  #leave() {
    this.#walkedTo = null;
    this.#ring(null);
  }

  #momentNear(x, y) {
    const near = this.#chart.pointNear(x, y);
    return near && this.#momentOf(this.#lines[near.index], near.point);
  }

  #walk(key) {
    const lines = this.#lines.filter((line) => this.#keys.includes(line.key));
    const place = walk(this.#walkedTo, key, lines, this.#range);
    if (place === null) return null;
    this.#walkedTo = place;
    this.#ring(place);
    const line = lines.find((one) => one.key === place.key);
    return this.#momentOf(line, line.points.indexFrom(place.at));
  }

  /** A point that stands for a slot is spoken of by the slot's middle: its beginning may lie before the first reading. */
  #momentOf({ device, metric, unit, key, points, at: newestAt }, index) {
    const start = points.at[index];
    const at = points.slotMs > 0 ? Math.max(start, Math.min(start + points.slotMs / 2, newestAt ?? start)) : start;
    return { device, metric, unit, key, start, at: Math.round(at), value: points.mean[index] };
  }

  #pick({ key, start, ...moment }, isByKey) {
    const { left, top } = this.#canvas.getBoundingClientRect();
    const { x, y } = this.#chart.placeOf(start, moment.value);
    const place = { x: left + x, y: top + y + BELOW_PX };
    this.#talk.pick(moment, { panel: this.#root, opener: this.#canvas, place, isByKey });
    // Last, since the focus may have left the canvas, and with it the ring; and the tip comes with the next frame.
    this.ringFor(key, start);
    requestAnimationFrame(() => this.#chart.hideTip());
  }
}
