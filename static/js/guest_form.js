import { gettext, interpolate } from "./text.js";
import { part } from "./dom.js";

/** "You are guest-4821 · change": shows a guest's name and lets the guest choose another. */
export class GuestForm {
  #name;
  #line = part("identity");
  #form = part("rename");
  #hooks;

  /** `name`: a GuestName. Hooks: onClosed(), when the form was left; onRenamed(), when with another name. */
  constructor(name, hooks) {
    this.#name = name;
    this.#hooks = hooks;
    part("rename-open").addEventListener("click", () => this.#open());
    part("rename-cancel").addEventListener("click", () => this.#close());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#rename();
    });
    this.#form.addEventListener("keydown", (event) => event.key === "Escape" && this.#close());
    this.show();
  }

  show() {
    part("username").textContent = this.#name.shown;
  }

  /** The server keeps that name for somebody else. Returns what to tell the guest. */
  refuse() {
    const refused = this.#name.shown;
    this.#name.choose("");
    this.show();
    const values = { refused, name: this.#name.shown };
    return interpolate(gettext("The name “%(refused)s” is taken. You are %(name)s again."), values);
  }

  get #input() {
    return this.#form.elements.username;
  }

  #open() {
    this.#line.hidden = true;
    this.#form.hidden = false;
    this.#input.value = this.#name.shown;
    this.#input.select();
  }

  #rename() {
    const before = this.#name.shown;
    this.#name.choose(this.#input.value);
    this.#close();
    if (this.#name.shown !== before) this.#hooks.onRenamed();
  }

  #close() {
    this.show();
    this.#form.hidden = true;
    this.#line.hidden = false;
    this.#hooks.onClosed();
  }
}
