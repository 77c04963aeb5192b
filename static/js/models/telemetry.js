import { Points } from "./points.js";

const CAUGHT_LIMIT = 20_000;
const ALL_FOLLOWED_LIMIT = 300;

export const lineKey = (device, metric) => `${device}:${metric}`;

/** One metric of one device: its latest reading, and its points twice, `live` up to now and `held` of a view that stands still. */
class Line {
  at = null;
  value = null;
  isFollowed = true;
  live = new Points();
  held = null;

  constructor(device, metric, unit) {
    Object.assign(this, { key: lineKey(device, metric), device, metric, unit });
  }

  /** What is to be drawn. */
  get points() {
    return this.held ?? this.live;
  }

  learn(at, value) {
    if (this.at !== null && at <= this.at) return;
    this.at = at;
    this.value = value;
  }
}

/** Every line the page knows. Here the past and the present meet; knows neither sockets nor charts. */
export class Telemetry {
  lines = new Map();
  /** How many readings came since the view was held. */
  waiting = 0;
  #isHeld = false;
  #isBehind = false;
  #caught = null;

  line(device, metric, unit = "") {
    const key = lineKey(device, metric);
    let line = this.lines.get(key);
    if (!line) {
      line = new Line(device, metric, unit);
      if (this.#isHeld) line.held = new Points();
      this.lines.set(key, line);
    }
    return line;
  }

  /** Takes live readings; returns whether one was of a line that nobody knew yet. */
  receive(readings) {
    const known = this.lines.size;
    for (const { device, metric, unit, at, data } of readings) {
      if (!Number.isFinite(data) || !Number.isFinite(at)) continue;
      const line = this.line(device, metric, unit);
      line.learn(at, data);
      if (!line.isFollowed) continue;
      if (line.live.add(at, data) && this.#isHeld) this.waiting += 1;
      this.#isBehind ||= line.live.isBehind;
      if (this.#caught?.length < CAUGHT_LIMIT) this.#caught.push([line, at, data]);
    }
    return this.lines.size > known;
  }

  /** Where there are too many lines to keep the points of all, only those of `shown` ones are kept. */
  follow(shown) {
    const followed = this.lines.size > ALL_FOLLOWED_LIMIT ? new Set(shown) : null;
    for (const line of this.lines.values()) {
      const isFollowed = followed === null || followed.has(line);
      if (line.isFollowed && !isFollowed) line.live = new Points();
      line.isFollowed = isFollowed;
    }
  }

  /** From here on what comes live is remembered until `load`: the answer may not hold it. */
  expectHistory() {
    this.#caught = [];
  }

  /** Replaces the window of `devices` (null: of all) by what was fetched, and puts what came meanwhile behind it. */
  load(series, devices, weightOf = () => 1) {
    const replaced = this.#replace("live", series, devices, weightOf);
    for (const [line, at, value] of this.#caught ?? []) if (replaced.has(line)) line.live.add(at, value);
    this.#caught = null;
  }

  /** Holds the view still: what is drawn stays, what comes live waits. */
  hold() {
    if (this.#isHeld) return;
    this.#isHeld = true;
    this.waiting = 0;
    for (const line of this.lines.values()) line.held = line.live.clone();
  }

  /** What was fetched for the range of a held view. */
  loadHeld(series, devices, weightOf = () => 1) {
    if (this.#isHeld) this.#replace("held", series, devices, weightOf);
  }

  release() {
    this.#isHeld = false;
    this.waiting = 0;
    for (const line of this.lines.values()) line.held = null;
  }

  forgetBefore(at) {
    for (const line of this.lines.values()) line.live.dropBefore(at);
  }

  /** Readings came too late for a thinned line to take them in; asking forgets it. */
  takeBehind() {
    const isBehind = this.#isBehind;
    if (isBehind) for (const { live } of this.lines.values()) live.isBehind = false;
    this.#isBehind = false;
    return isBehind;
  }

  /** Returns the lines whose points are others now. */
  #replace(place, series, devices, weightOf) {
    const asked = devices && new Set(devices);
    const replaced = new Set([...this.lines.values()].filter(({ device }) => !asked || asked.has(device)));
    for (const line of replaced) line[place] = new Points();
    for (const one of series) {
      const line = this.line(one.device, one.metric, one.unit);
      line[place] = Points.fromHistory(one, weightOf(one));
      replaced.add(line);
      const last = one.points.at(-1);
      if (one.bucket === 0 && last) line.learn(last[0], last[1]);
    }
    return replaced;
  }
}
