import { momentText } from "./moment_words.js";
import { part, setText } from "./dom.js";

/** The moment that the next message is about, shown in the composer. */
export class MomentChip {
  #node = part("moment-chip");
  #label = part("moment-text");
  #shown = null;
  #nameOf;
  #onCleared;

  /** Hook: onRemoved(), when a person took it away. */
  onRemoved = () => {};

  /** `nameOf(device)`; `onCleared()`: it is empty, because somebody took the moment away or it was sent. */
  constructor({ nameOf, onCleared }) {
    this.#nameOf = nameOf;
    this.#onCleared = onCleared;
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
    setText(this.#label, momentText({ ...moment, name: this.#nameOf(moment.device) }));
    this.#node.hidden = false;
  }

  clear() {
    if (!this.#shown) return;
    this.#shown = null;
    this.#node.hidden = true;
    this.#onCleared();
  }
}
