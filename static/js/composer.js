import { gettext, interpolate } from "./text.js";
import { MESSAGE_MAX_CHARACTERS } from "./models/entries.js";
import { Throttle } from "./models/typing.js";
import { part } from "./dom.js";
import { showProblem } from "./attempt.js";

const LINES_MOST = 6;

/**
 * The message box: Enter sends, Shift+Enter breaks the line.
 * Hooks: onSend(text, about), which returns why it was not taken, or ""; onTyping().
 * `chip` holds the moment that a message is about; a message without words says it in the chip's.
 */
export class Composer {
  #form = part("composer");
  #input = document.getElementById("chat-message-input");
  #problem = part("composer-problem");
  #closed = part("composer-closed");
  #typing = new Throttle();
  #chip;
  #hooks;

  constructor({ chip, ...hooks }) {
    this.#chip = chip;
    this.#hooks = hooks;
    chip.onRemoved = () => this.focus();
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.#input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      this.#submit();
    });
    this.#input.addEventListener("input", () => this.#typed());
  }

  focus() {
    this.#input.focus();
  }

  say(problem) {
    showProblem(this.#problem, problem);
  }

  /** Where nobody may write, the box says so. */
  set isReadOnly(isReadOnly) {
    this.#form.inert = isReadOnly;
    this.#form.hidden = isReadOnly;
    this.#closed.hidden = !isReadOnly;
  }

  /** For good, with what to read instead. */
  close(reason) {
    this.#closed.textContent = reason;
    this.isReadOnly = true;
  }

  #typed() {
    this.say("");
    this.#grow();
    if (this.#input.value.trim() && this.#typing.allows(performance.now())) this.#hooks.onTyping();
  }

  #submit() {
    const text = this.#input.value.trim() || this.#chip.text;
    const length = [...text].length;
    this.focus();
    if (length === 0) return;
    if (length > MESSAGE_MAX_CHARACTERS) {
      const values = { length, limit: MESSAGE_MAX_CHARACTERS };
      this.say(interpolate(gettext("%(length)s characters are too many; %(limit)s fit."), values));
      return;
    }
    const problem = this.#hooks.onSend(text, this.#chip.moment);
    this.say(problem);
    if (problem) return;
    this.#input.value = "";
    this.#chip.clear();
    this.#typing.reset();
    this.#grow();
  }

  /** For browsers in which a style sheet cannot. */
  #grow() {
    if (!CSS.supports("field-sizing", "content")) this.#input.rows = Math.min(this.#input.value.split("\n").length, LINES_MOST);
  }
}
