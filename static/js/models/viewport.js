import { WINDOWS_MS } from "./view_state.js";

export const SHORTEST_MS = 1_000;
export const LONGEST_MS = WINDOWS_MS["30d"];
/** How far beyond now a device's clock may be; the server takes no later readings. */
export const AHEAD_MS = 300_000;
/** How much is shown around a moment, and how much may be shown already for it to be found. */
const AROUND_MS = 300_000;
const NEAR_ENOUGH_MS = 3_600_000;
const FEW_READINGS = 5;

/**
 * Which stretch of time is shown: the last window up to the server's now, whatever the devices' clocks say;
 * the same up to a moment of pause; or a range somebody zoomed or moved to.
 */
export class Viewport {
  window;
  pausedAt;
  zoomed;

  /** `{window, pausedAt, zoomed}` as view_state.js reads them. */
  constructor({ window, pausedAt, zoomed }) {
    Object.assign(this, { window, pausedAt: zoomed ? null : pausedAt, zoomed });
  }

  get isHeld() {
    return this.pausedAt !== null || this.zoomed !== null;
  }

  /** What is to be fetched, as a text: another one once the view has moved on. */
  get wish() {
    return JSON.stringify([this.window, this.pausedAt, this.zoomed]);
  }

  /** The window that runs along, also while something else is shown. */
  get liveSpanMs() {
    return WINDOWS_MS[this.window];
  }

  get spanMs() {
    return this.zoomed ? this.zoomed.to - this.zoomed.from : this.liveSpanMs;
  }

  range(nowMs) {
    if (this.zoomed) return this.zoomed;
    const to = this.pausedAt === null ? nowMs : Math.min(this.pausedAt, nowMs);
    return { from: to - this.spanMs, to };
  }

  /** A window counts from now on, or up to the moment of the pause. */
  choose(window) {
    this.window = window;
    this.zoomed = null;
  }

  pause(nowMs) {
    if (!this.isHeld) this.pausedAt = Math.floor(nowMs);
  }

  goLive() {
    this.pausedAt = null;
    this.zoomed = null;
  }

  /** Shows `from` to `to`, mended where it is too short, too long, or lies in the future. */
  show({ from, to }, nowMs) {
    const middle = (from + to) / 2;
    const spanMs = Math.min(Math.max(to - from, SHORTEST_MS), LONGEST_MS);
    const end = Math.min(middle + spanMs / 2, nowMs + AHEAD_MS);
    this.zoomed = { from: Math.round(end - spanMs), to: Math.round(end) };
    this.pausedAt = null;
  }

  /** Moves by a part of what is shown: -0.5 is half of it back. */
  move(part, nowMs) {
    const { from, to } = this.range(nowMs);
    const by = Math.min(part * (to - from), Math.max(0, nowMs - to));
    this.show({ from: from + by, to: to + by }, nowMs);
  }

  /** `factor` 0.5 shows half as much around the middle, 2 twice as much. */
  zoom(factor, nowMs) {
    const { from, to } = this.range(nowMs);
    const middle = (from + to) / 2;
    const half = ((to - from) / 2) * factor;
    this.show({ from: middle - half, to: middle + half }, nowMs);
  }

  /** A stretch around a moment of a line with a reading each `intervalMs`, unless the moment is in view and can be told there. */
  showMoment(at, intervalMs, nowMs) {
    const { from, to } = this.range(nowMs);
    if (at >= from && at <= to && to - from <= NEAR_ENOUGH_MS) return;
    const isSparse = FEW_READINGS * intervalMs > AROUND_MS;
    const half = (isSparse ? Math.max(this.liveSpanMs, FEW_READINGS * intervalMs) : AROUND_MS) / 2;
    this.show({ from: at - half, to: at + half }, nowMs);
  }

  /** A window around a reading of long ago, with the reading near its right edge. */
  showReading(at, nowMs) {
    const spanMs = this.liveSpanMs;
    this.show({ from: at - 0.9 * spanMs, to: at + 0.1 * spanMs }, nowMs);
  }
}
