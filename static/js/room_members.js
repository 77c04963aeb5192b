import { copyOf, part } from "./dom.js";
import { gettext, interpolate } from "./text.js";
import { attempt } from "./attempt.js";

/** A room's members in staff's dialog: the list, add by username, remove. */
export class RoomMembers {
  #list;
  #none;
  #form;
  #problem;
  #api;

  /** `api`: a ChatApi. */
  constructor(dialog, api) {
    this.#list = part("room-members", dialog);
    this.#none = part("room-members-none", dialog);
    this.#form = part("room-member-add", dialog);
    this.#problem = part("room-members-problem", dialog);
    this.#api = api;
    this.#form.addEventListener("submit", (event) => this.#added(event));
  }

  /** Members as `{id, username}`. */
  show(members) {
    this.#list.replaceChildren(...members.map((member) => this.#memberElement(member)));
    this.#none.hidden = members.length > 0;
  }

  #memberElement({ id, username }) {
    const item = copyOf(part("member-template"));
    const remove = part("member-remove", item);
    part("member-name", item).textContent = username;
    remove.setAttribute("aria-label", interpolate(gettext("Remove %(name)s"), { name: username }));
    remove.addEventListener("click", () => this.#removed(id, item, remove));
    return item;
  }

  async #removed(id, item, button) {
    if (!(await attempt(this.#problem, [button], () => this.#api.removeMember(id)))) return;
    item.remove();
    this.#none.hidden = this.#list.childElementCount > 0;
    this.#form.elements.username.focus();
  }

  async #added(event) {
    event.preventDefault();
    const { username } = this.#form.elements;
    if (!username.value.trim()) return;
    const isDone = await attempt(this.#problem, [event.submitter], async () => {
      await this.#api.addMember(username.value.trim());
      this.show((await this.#api.members()).members);
    });
    if (isDone) this.#form.reset();
    username.focus();
  }
}
