import { gettext, interpolate } from "./text.js";
import { part, setText } from "./dom.js";
import { roomUrl } from "./models/rooms.js";

/** What a page says of its room: its name, in the heading, the title and the address, and whom it is for. */
export class RoomHead {
  #title = part("room-title");
  #badge = part("members-only");
  #chatUrl;

  constructor({ chatUrl }) {
    this.#chatUrl = chatUrl;
  }

  /** Shows a frame of type "room". */
  show({ name, members_only: isMembersOnly }) {
    this.#badge.hidden = !isMembersOnly;
    if (name === this.#title.textContent) return;
    setText(this.#title, name);
    document.title = interpolate(gettext("%(name)s · Chat · Example Channels"), { name });
    history.replaceState(history.state, "", roomUrl(this.#chatUrl, name) + location.search);
  }
}
