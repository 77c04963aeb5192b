import { attempt, showProblem } from "./attempt.js";
import { bindCopyButton } from "./clipboard.js";
import { copyOf, part } from "./dom.js";

/** One example of how to send, with a button that copies it. */
function exampleElement({ title, text }) {
  const example = copyOf(part("example-template"));
  part("example-title", example).textContent = title;
  part("example-text", example).textContent = text;
  bindCopyButton(part("example-copy", example), () => text);
  return example;
}

/** "Add a device": asks for a name, then shows the token, which nobody can show again, and ready examples. */
export class DeviceDialog {
  #dialog = part("device-dialog");
  #form = part("device-form", this.#dialog);
  #made = part("device-made", this.#dialog);
  #problem = part("device-problem", this.#dialog);
  #api;
  #onAdded;

  constructor(api, onAdded) {
    this.#api = api;
    this.#onAdded = onAdded;
    part("add-device").addEventListener("click", () => this.#open());
    this.#dialog.querySelectorAll("[data-act=close]").forEach((button) => button.addEventListener("click", () => this.#dialog.close()));
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#add();
    });
    // Escape must not take away a token that is shown only once.
    this.#dialog.addEventListener("cancel", (event) => !this.#made.hidden && event.preventDefault());
    this.#dialog.addEventListener("close", () => this.#forget());
    bindCopyButton(part("token-copy", this.#dialog), () => part("token", this.#dialog).textContent);
  }

  #open() {
    this.#forget();
    this.#dialog.showModal();
  }

  async #add() {
    const { name, csrfmiddlewaretoken: token } = this.#form.elements;
    const submit = this.#form.querySelector("[type=submit]");
    const isAdded = await attempt(this.#problem, [submit], async () => {
      this.#show(await this.#api.addDevice(name.value, token.value));
    });
    if (isAdded) this.#onAdded();
    else name.focus();
  }

  #show({ name, token, examples }) {
    // Who closed the dialog before the answer came would never see the token.
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#form.hidden = true;
    this.#made.hidden = false;
    part("device-made-name", this.#made).textContent = name;
    part("token", this.#made).textContent = token;
    part("examples", this.#made).replaceChildren(...examples.map(exampleElement));
    part("token-copy", this.#made).focus();
  }

  /** Leaves no token behind in the page. */
  #forget() {
    this.#form.reset();
    this.#form.hidden = false;
    this.#made.hidden = true;
    showProblem(this.#problem, "");
    part("token", this.#made).textContent = "";
    part("examples", this.#made).replaceChildren();
  }
}
