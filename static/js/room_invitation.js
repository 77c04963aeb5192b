import { attempt } from "./attempt.js";
import { bindCopyButton } from "./clipboard.js";
import { part } from "./dom.js";

/** A room's invitation link in staff's dialog: make, copy, replace, end. */
export class RoomInvitation {
  #row;
  #url;
  #make;
  #again;
  #end;
  #copy;
  #problem;

  /** `api`: a ChatApi. */
  constructor(dialog, api) {
    this.#row = part("invitation-row", dialog);
    this.#url = part("invitation-url", dialog);
    this.#make = part("invitation-make", dialog);
    this.#again = part("invitation-again", dialog);
    this.#end = part("invitation-end", dialog);
    this.#copy = part("invitation-copy", dialog);
    this.#problem = part("invitation-problem", dialog);
    const makeOne = () => this.#change(async () => (await api.newInvitation()).url);
    this.#make.addEventListener("click", makeOne);
    this.#again.addEventListener("click", makeOne);
    this.#end.addEventListener("click", () => this.#change(() => api.endInvitation().then(() => "")));
    bindCopyButton(this.#copy, () => this.#url.value);
  }

  /** `url` is "" where there is no link. */
  show(url) {
    this.#url.value = url;
    for (const shownWithLink of [this.#row, this.#again, this.#end]) shownWithLink.hidden = url === "";
    this.#make.hidden = url !== "";
  }

  /** The button that was used may be hidden then: the focus goes to what comes next. */
  async #change(act) {
    const isDone = await attempt(this.#problem, [this.#make, this.#again, this.#end], async () => this.show(await act()));
    if (isDone) (this.#make.hidden ? this.#copy : this.#make).focus();
  }
}
