import { gettext, interpolate } from "./text.js";
import { part } from "./dom.js";

/** "You are guest-4821 · change": shows a guest's name and lets the guest choose another. */
export class GuestForm {
  #guestName;
  #line = part("identity");
  #form = part("rename");
  #hooks;

  /** `guestName`: a GuestName. Hooks: onClosed(), when the form was left; onRenamed(), when with another name. */
  constructor(guestName, hooks) {
    this.#guestName = guestName;
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
    part("username").textContent = this.#guestName.shown;
  }

  /** The server keeps that name for somebody else. Returns what to tell the guest. */
  refuse() {
    const refused = this.#guestName.shown;
    this.#guestName.choose("");
    this.show();
    const values = { refused, name: this.#guestName.shown };
    return interpolate(gettext("The name “%(refused)s” is taken. You are %(name)s again."), values);
  }

  get #input() {
    return this.#form.elements.username;
  }

  #open() {
    this.#line.hidden = true;
    this.#form.hidden = false;
    this.#input.value = this.#guestName.shown;
    this.#input.select();
  }

  #rename() {
    const before = this.#guestName.shown;
    this.#guestName.choose(this.#input.value);
    this.#close();
    if (this.#guestName.shown !== before) this.#hooks.onRenamed();
  }

  #close() {
    this.show();
    this.#form.hidden = true;
    this.#line.hidden = false;
    this.#hooks.onClosed();
  }
}
