import { gettext } from "./text.js";
import { setText } from "./dom.js";

const CLICK_WITHIN_PX = 8;
const WALKING_KEYS = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"]);

/**
 * How people choose a point of a chart: they click or tap it, or walk to it with the keys and press Enter.
 * Hooks: at(x, y), which finds a moment near a place of the canvas, or null; walk(key), which gives the next one, or null;
 * onPick(moment), onLeave(); textOf(moment). Where it is closed they only walk, and read.
 */
export class ChartPicker {
  #canvas;
  #line;
  #hooks;
  #isClosed;
  #pressed = null;
  #walkedTo = null;

  /** `line` tells those who walk where they are. */
  constructor(canvas, line, { isClosed, ...hooks }) {
    this.#canvas = canvas;
    this.#line = line;
    this.#isClosed = isClosed;
    this.#hooks = hooks;
    if (!isClosed) this.#takeClicks();
    canvas.addEventListener("keydown", (event) => this.#key(event));
    canvas.addEventListener("focus", () => canvas.matches(":focus-visible") && this.#greet());
    canvas.addEventListener("blur", () => this.#leave());
  }

  #takeClicks() {
    this.#canvas.addEventListener("pointerdown", ({ isPrimary, clientX, clientY }) => {
      this.#pressed = isPrimary ? { x: clientX, y: clientY } : null;
    });
    this.#canvas.addEventListener("click", (event) => this.#click(event));
  }

  /** What was dragged has zoomed or moved the chart: that is no click. */
  #click({ clientX, clientY }) {
    const from = this.#pressed;
    this.#pressed = null;
    if (from === null || Math.hypot(clientX - from.x, clientY - from.y) >= CLICK_WITHIN_PX) return;
    const { left, top } = this.#canvas.getBoundingClientRect();
    const moment = this.#hooks.at(clientX - left, clientY - top);
    if (moment) this.#hooks.onPick(moment);
  }

  #key(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === "Escape") this.#leave();
    else if (WALKING_KEYS.has(event.key)) this.#walk(event.key);
    else if ((event.key === "Enter" || event.key === " ") && this.#walkedTo && !this.#isClosed) this.#hooks.onPick(this.#walkedTo, { isByKey: true });
    else return;
    event.preventDefault();
  }

  #walk(key) {
    const moment = this.#hooks.walk(key);
    if (!moment) return;
    this.#walkedTo = moment;
    this.#say(this.#hooks.textOf(moment));
  }

  #greet() {
    if (this.#isClosed) this.#say(gettext("Arrow keys walk over the readings."));
    else this.#say(gettext("Arrow keys walk over the readings, Enter talks about one."));
  }

  #leave() {
    this.#say("");
    this.#walkedTo = null;
    this.#hooks.onLeave();
  }

  #say(text) {
    setText(this.#line, text);
  }
}
