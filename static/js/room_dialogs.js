import { attempt, showProblem } from "./attempt.js";
import { RoomInvitation } from "./room_invitation.js";
import { RoomMembers } from "./room_members.js";
import { part } from "./dom.js";
import { roomNameProblem } from "./models/rooms.js";

/** Staff's dialog for a room: its name, who reads and writes, its members, its invitation. */
export class RoomDialogs {
  #dialog = part("room-dialog");
  #rename = part("room-rename", this.#dialog);
  #switches = part("room-switches", this.#dialog);
  #members;
  #invitation;
  #api;
  #room;

  /** `api`: a ChatApi. */
  constructor({ api }) {
    this.#api = api;
    this.#room = this.#rendered();
    this.#members = new RoomMembers(this.#dialog, api);
    this.#invitation = new RoomInvitation(this.#dialog, api);
    part("room-dialog-open").addEventListener("click", () => this.#open());
    this.#rename.addEventListener("submit", (event) => this.#renamed(event));
    this.#switches.addEventListener("change", ({ target }) => this.#switched(target));
    this.#dialog.querySelector("[data-act=close]").addEventListener("click", () => this.#dialog.close());
  }

  /** What the room is now: a frame of type "room". */
  show(room) {
    const input = this.#rename.elements.name;
    // What somebody is typing stays.
    if (input.value === this.#room.name) input.value = room.name;
    this.#room = room;
    for (const name of ["read_only", "members_only"]) this.#switches.elements[name].checked = room[name];
  }

  /** What the server wrote into the controls. */
  #rendered() {
    const { read_only: readOnly, members_only: membersOnly } = this.#switches.elements;
    return { name: this.#rename.elements.name.value, read_only: readOnly.checked, members_only: membersOnly.checked };
  }

  #open() {
    this.#rename.elements.name.value = this.#room.name;
    this.#dialog.querySelectorAll(".field-problem").forEach((problem) => showProblem(problem, ""));
    this.#dialog.showModal();
    attempt(part("room-members-problem", this.#dialog), [], async () => {
      const { members, invitation } = await this.#api.members();
      this.#members.show(members);
      this.#invitation.show(invitation);
    });
  }

  #renamed(event) {
    event.preventDefault();
    const name = this.#rename.elements.name.value;
    const problem = part("room-rename-problem", this.#dialog);
    const refusal = roomNameProblem(name);
    if (refusal) showProblem(problem, refusal);
    else attempt(problem, [event.submitter], () => this.#api.changeSettings({ name: name.trim() }));
  }

  async #switched(box) {
    const problem = part("room-switches-problem", this.#dialog);
    const isDone = await attempt(problem, [box], () => this.#api.changeSettings({ [box.name]: box.checked }));
    if (!isDone) box.checked = this.#room[box.name];
  }
}
