import { gettext, interpolate } from "./text.js";
import { part, setText } from "./dom.js";
import { isRoomOf, roomUrl } from "./models/rooms.js";

/**
 * What a page says of its room: its name, in the heading, the title and the address, and whom it is for.
 * Beside a chart the page is the device's: there the heading is a link to the room's own, and the room goes by the device's name.
 */
export class RoomHead {
  #title = part("room-title");
  #badge = part("members-only");
  #chatUrl;
  #beside;
  #pageTitle = document.title;
  #news = 0;

  /** `beside`: `{device, name}` of the chart's device, where there is one. */
  constructor({ chatUrl, beside = null }) {
    this.#chatUrl = chatUrl;
    this.#beside = beside;
    document.addEventListener("visibilitychange", () => document.hidden || this.#showNews(0));
  }

  /** Somebody else wrote; the title tells who looks at another tab. */
  wrote() {
    if (document.hidden) this.#showNews(this.#news + 1);
  }

  /** Shows a frame of type "room". */
  show({ name, members_only: isMembersOnly }) {
    this.#badge.hidden = !isMembersOnly;
    const url = roomUrl(this.#chatUrl, name);
    if (this.#beside) {
      setText(this.#title, isRoomOf(name, this.#beside.device) ? this.#beside.name : name);
      this.#title.href = url;
      return;
    }
    if (name === this.#title.textContent) return;
    setText(this.#title, name);
    this.#pageTitle = interpolate(gettext("%(name)s · Chat · Example Channels"), { name });
    this.#showNews(this.#news);
    history.replaceState(history.state, "", url + location.search);
  }

  #showNews(count) {
    this.#news = count;
    document.title = count > 0 ? `(${count}) ${this.#pageTitle}` : this.#pageTitle;
  }
}
