import { momentText } from "./moment_words.js";
import { part, setText } from "./dom.js";

/** The moment that the next message is about, shown in the composer. */
export class MomentChip {
  #node = part("moment-chip");
  #label = part("moment-text");
  #shown = null;

  /** Hooks: onRemoved(), when a person took it away; onCleared(), then too, and when it was sent. */
  onRemoved = () => {};
  onCleared = () => {};

  constructor() {
    part("moment-remove").addEventListener("click", () => {
      this.clear();
      this.onRemoved();
    });
  }

  /** `{device, metric, at}`, or null. */
  get moment() {
    if (!this.#shown) return null;
    const { device, metric, at } = this.#shown;
    return { device, metric, at };
  }

  /** What it says in words, "" without a moment. */
  get text() {
    return this.#shown ? this.#label.textContent : "";
  }

  /** `moment`: `{device, metric, at}` and, where it is known, `{value, unit}`. */
  show(moment) {
    this.#shown = moment;
    setText(this.#label, momentText({ ...moment, name: moment.device }));
    this.#node.hidden = false;
  }

  clear() {
    this.#shown = null;
    this.#node.hidden = true;
    this.onCleared();
  }
}
