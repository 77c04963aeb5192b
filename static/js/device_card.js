import { gettext, interpolate, moreText } from "./text.js";
import { gapMs } from "./models/device_list.js";
import { shortNumber, withUnit } from "./models/numbers.js";
import { sparklinePath } from "./models/sparkline.js";
import { agoText, durationText } from "./times.js";
import { copyOf, part, setText } from "./dom.js";

const METRICS_SHOWN = 4;
const SPARK = { width: 100, height: 28 };

/** How long ago a device was heard, in words. */
export function ageText(state, at, nowMs) {
  if (state === "never") return gettext("nothing yet");
  const duration = durationText(nowMs - at);
  return state === "silent" ? interpolate(gettext("silent for %(duration)s"), { duration }) : agoText(nowMs - at);
}

function pickText(isPicked, areOthersPicked) {
  if (isPicked) return gettext("Leave out");
  return areOthersPicked ? gettext("Add") : gettext("Only this");
}

function statsText(summary) {
  if (!summary) return "";
  const values = { min: shortNumber(summary.min), mean: shortNumber(summary.mean), max: shortNumber(summary.max) };
  return interpolate(gettext("min %(min)s · mean %(mean)s · max %(max)s"), values);
}

/** One metric of a card: latest value, spark line, min, mean and max of the window. */
class MetricRow {
  constructor(template, metric) {
    this.root = copyOf(template);
    setText(part("metric", this.root), metric);
  }

  update({ points, value, unit }, { from, to }, intervalMs) {
    setText(part("latest", this.root), value === null ? "–" : withUnit(value, unit));
    setText(part("stats", this.root), statsText(points.summary(from, to)));
    const path = sparklinePath(points, { from, to, gapMs: gapMs(points, intervalMs), ...SPARK });
    part("spark", this.root).setAttribute("d", path);
  }

  /** Of a device whose window was not fetched only the latest value is known. */
  updateLatest({ value, unit }) {
    setText(part("latest", this.root), value === null ? "–" : withUnit(value, unit));
    setText(part("stats", this.root), "");
    part("spark", this.root).setAttribute("d", "");
  }
}

export class DeviceCard {
  #rows = new Map();

  constructor(slug, url, onPick) {
    this.root = copyOf(part("card-template"));
    part("name", this.root).href = url;
    part("pick", this.root).addEventListener("click", () => onPick(slug));
  }

  /** `hasPast` when the window of this device was fetched, `isPicked` when it belongs to a choice of devices, `alarms` its open ones. */
  update({ lines, name, state, at, isPicked, areOthersPicked, hasPast, alarms, intervalMs }, range, nowMs) {
    setText(part("name", this.root), name);
    setText(part("age", this.root), ageText(state, at, nowMs));
    this.root.dataset.state = state;
    this.root.toggleAttribute("data-alarm", alarms.length > 0);
    part("alarm", this.root).hidden = alarms.length === 0;
    setText(part("alarm", this.root), alarms.map(({ rule }) => rule).join(" · "));
    this.root.toggleAttribute("data-left-out", !hasPast);
    this.root.toggleAttribute("data-picked", isPicked);
    setText(part("pick", this.root), pickText(isPicked, areOthersPicked));
    for (const line of lines.slice(0, METRICS_SHOWN)) {
      if (hasPast && line.isFollowed) this.#rowOf(line).update(line, range, intervalMs);
      else this.#rowOf(line).updateLatest(line);
    }
    const more = Math.max(0, lines.length - METRICS_SHOWN);
    part("more", this.root).hidden = more === 0;
    setText(part("more", this.root), moreText(more));
  }

  #rowOf({ key, metric }) {
    if (!this.#rows.has(key)) {
      const row = new MetricRow(part("metric-template"), metric);
      this.#rows.set(key, row);
      part("metrics", this.root).append(row.root);
    }
    return this.#rows.get(key);
  }
}
