import { gettext, interpolate } from "./text.js";
import { part, setText } from "./dom.js";
import { roomUrl } from "./models/rooms.js";

/** What a page says of its room: its name, in the heading, the title and the address, and whom it is for. */
export class RoomHead {
  #title = part("room-title");
  #badge = part("members-only");
  #chatUrl;
  #pageTitle = document.title;
  #news = 0;

  constructor({ chatUrl }) {
    this.#chatUrl = chatUrl;
    document.addEventListener("visibilitychange", () => document.hidden || this.#showNews(0));
  }

  /** Somebody else wrote; the title tells who looks at another tab. */
  wrote() {
    if (document.hidden) this.#showNews(this.#news + 1);
  }

  /** Shows a frame of type "room". */
  show({ name, members_only: isMembersOnly }) {
    this.#badge.hidden = !isMembersOnly;
    if (name === this.#title.textContent) return;
    setText(this.#title, name);
    this.#pageTitle = interpolate(gettext("%(name)s · Chat · Example Channels"), { name });
    this.#showNews(this.#news);
    history.replaceState(history.state, "", roomUrl(this.#chatUrl, name) + location.search);
  }

  #showNews(count) {
    this.#news = count;
    document.title = count > 0 ? `(${count}) ${this.#pageTitle}` : this.#pageTitle;
  }
}
