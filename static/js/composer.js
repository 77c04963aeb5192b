import { gettext, interpolate } from "./text.js";
import { MESSAGE_MAX_CHARACTERS } from "./models/room_log.js";
import { Throttle } from "./models/typing.js";
import { part } from "./dom.js";

/** The message box: Enter sends, Shift+Enter breaks the line. Hooks: onSend(text), onTyping(). */
export class Composer {
  #form = part("composer");
  #input = document.getElementById("chat-message-input");
  #problem = part("composer-problem");
  #typing = new Throttle();
  #hooks;

  constructor(hooks) {
    this.#hooks = hooks;
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
    this.#problem.textContent = problem;
    this.#problem.hidden = problem === "";
  }

  #typed() {
    this.say("");
    if (this.#input.value.trim() && this.#typing.allows(performance.now())) this.#hooks.onTyping();
  }

  #submit() {
    const text = this.#input.value.trim();
    const length = [...text].length;
    this.focus();
    if (length === 0) return;
    if (length > MESSAGE_MAX_CHARACTERS) {
      const values = { length, limit: MESSAGE_MAX_CHARACTERS };
      this.say(interpolate(gettext("%(length)s characters are too many; %(limit)s fit."), values));
      return;
    }
    this.#input.value = "";
    this.#typing.reset();
    this.say("");
    this.#hooks.onSend(text);
  }
}
