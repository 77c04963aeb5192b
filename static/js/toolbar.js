import { gettext, interpolate } from "./text.js";
import { clockTime, dayAndClock, spanText } from "./times.js";
import { DAY_MS } from "./models/time_units.js";
import { part, setText } from "./dom.js";

/** Windows, moving, zooming, pause and the way to CSV. */
export class Toolbar {
  #root = part("toolbar");
  #windows = [...this.#root.querySelectorAll("[data-window]")];
  #pause = part("pause");
  #label = part("pause-label");
  #csv = part("csv");

  /** `acts`: onWindow(name), onPause(), onMove(part), onZoom(factor); `csvUrl()` is asked when the link is used. */
  constructor({ onWindow, onPause, onMove, onZoom, csvUrl }) {
    this.#windows.forEach((button) => button.addEventListener("click", () => onWindow(button.dataset.window)));
    this.#pause.addEventListener("click", onPause);
    for (const button of this.#root.querySelectorAll("[data-move]")) {
      button.addEventListener("click", () => onMove(Number(button.dataset.move)));
    }
    for (const button of this.#root.querySelectorAll("[data-zoom]")) {
      button.addEventListener("click", () => onZoom(Number(button.dataset.zoom)));
    }
    for (const act of ["pointerdown", "focus", "click"]) {
      this.#csv.addEventListener(act, () => (this.#csv.href = csvUrl()));
    }
  }

  /** Shows the state of `view` (models/viewport.js); `waiting` readings came since it is held. */
  show(view, waiting) {
    for (const button of this.#windows) {
      const isChosen = !view.zoomed && button.dataset.window === view.window;
      button.setAttribute("aria-pressed", String(isChosen));
    }
    this.#root.toggleAttribute("data-held", view.isHeld);
    setText(this.#pause, this.#act(view));
    this.#label.hidden = !view.isHeld;
    setText(this.#label, this.#sentence(view, waiting));
  }

  #act({ zoomed, isHeld }) {
    if (zoomed) return gettext("Back to live");
    return isHeld ? gettext("Resume") : gettext("Pause");
  }

  #sentence({ pausedAt, zoomed }, waiting) {
    if (pausedAt !== null) {
      return interpolate(gettext("Paused %(time)s · %(waiting)s waiting"), { time: clockTime(pausedAt), waiting });
    }
    if (!zoomed) return "";
    const time = zoomed.to - zoomed.from > DAY_MS / 2 ? dayAndClock : clockTime;
    const duration = spanText(zoomed.to - zoomed.from);
    return interpolate(gettext("%(from)s – %(to)s · %(duration)s"), { from: time(zoomed.from), to: time(zoomed.to), duration });
  }
}
