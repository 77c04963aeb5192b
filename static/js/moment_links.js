import { copyOf, part, setText } from "./dom.js";
import { momentText } from "./moment_words.js";
import { Deadlines } from "./models/deadlines.js";
import { momentUrl, momentWindow, settledAt } from "./models/moment.js";
import { dotPath, sparklinePath } from "./models/sparkline.js";

const SPARK = { width: 160, height: 32 };
const GAP_STEPS = 5;
const LEAST_GAP_MS = 10_000;
const ROOM = 0.1;

function scaleOf(points, from, to) {
  const { min, max } = points.summary(from, to);
  const room = (max - min || 2) * ROOM;
  return [min - room, max + room];
}

/** The line of the five minutes, and a dot where the moment is; none where nothing was read. */
function showSpark(link, { points, value }, moment) {
  const window = momentWindow(moment);
  if (!points.summary(window.from, window.to)) return;
  const shown = { ...window, ...SPARK, scale: scaleOf(points, window.from, window.to) };
  const gapMs = Math.max(LEAST_GAP_MS, points.slotMs, GAP_STEPS * points.stepMs());
  part("moment-line", link).setAttribute("d", sparklinePath(points, { ...shown, gapMs }));
  if (value !== null) part("moment-dot", link).setAttribute("d", dotPath(moment.at, value, shown));
  part("moment-spark", link).toggleAttribute("data-drawn", true);
}

/**
 * Links from messages to their moments. What was read around one is fetched when its link comes into sight; of a fresh one
 * once more when its minutes are over, while the link is in sight or when it comes there again; so is what could not be fetched.
 */
export class MomentLinks {
  #reader;
  #telemetryUrl;
  #nameOf;
  #moments = new WeakMap();
  #fresh = new Deadlines((link) => this.#seen(link));
  #sight = new IntersectionObserver((entries) => entries.forEach((entry) => this.#looked(entry)));

  /** `telemetryUrl` is the dashboard's address; `nameOf(device)`. */
  constructor(reader, { telemetryUrl, nameOf }) {
    this.#reader = reader;
    this.#telemetryUrl = telemetryUrl;
    this.#nameOf = nameOf;
    addEventListener("pagehide", () => this.#fresh.stop());
    addEventListener("pageshow", ({ persisted }) => persisted && this.#fresh.start());
  }

  elementOf(moment) {
    const link = copyOf(part("moment-template"));
    link.href = momentUrl(this.#telemetryUrl, moment);
    setText(part("moment-label", link), this.#textOf(moment));
    this.#moments.set(link, moment);
    this.#sight.observe(link);
    return link;
  }

  /** The moment of a link made here. */
  momentOf(link) {
    return this.#moments.get(link);
  }

  #textOf(moment) {
    return momentText({ ...moment, name: this.#nameOf(moment.device) });
  }

  /** A link that was taken off the page is out of sight too. */
  #looked({ isIntersecting, target }) {
    if (isIntersecting) this.#seen(target);
    else this.#fresh.remove(target);
  }

  async #seen(link) {
    const moment = this.momentOf(link);
    const isSettled = Date.now() >= settledAt(moment);
    if (!isSettled) this.#fresh.add(link, settledAt(moment));
    const read = await this.#reader.read(moment);
    if (!read) return;
    if (isSettled) this.#sight.unobserve(link);
    setText(part("moment-label", link), this.#textOf({ ...moment, value: read.value, unit: read.unit }));
    showSpark(link, read, moment);
  }
}
