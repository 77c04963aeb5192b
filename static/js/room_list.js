import { saidText } from "./models/entries.js";
import { Unread, roomUrl, sortRooms, unreadText } from "./models/rooms.js";
import { copyOf, element, jsonScript, part } from "./dom.js";
import { gettext, interpolate, ngettext } from "./text.js";
import { answerOf } from "./http.js";

function showLast(line, last) {
  if (last) line.replaceChildren(element("b", "", last.username), ` ${saidText(last.type, last.message)}`);
  else line.textContent = gettext("No message yet");
}

function showUnread(badge, count) {
  badge.hidden = count <= 0;
  part("room-unread-shown", badge).textContent = unreadText(count);
  const spoken = ngettext("%(count)s unread message", "%(count)s unread messages", count);
  part("room-unread-spoken", badge).textContent = interpolate(spoken, { count });
}

function isFromHistory() {
  return performance.getEntriesByType("navigation")[0]?.type === "back_forward";
}

/** The rooms of a page, kept as the directory socket tells them; what is unread is counted on. */
export class RoomList {
  #list;
  #empty;
  #chatUrl;
  #limit;
  #rooms = [];
  #unread;

  /** `root` holds the list and what stands for an empty one; `limit` is how many rooms are shown. */
  constructor(root, { limit = Infinity } = {}) {
    this.#list = part("rooms", root);
    this.#empty = part("rooms-empty", root);
    this.#chatUrl = root.dataset.chatUrl;
    this.#limit = limit;
    this.#rooms = jsonScript("rooms", []);
    this.#unread = new Unread(this.#rooms);
    // A room was perhaps read meanwhile, in another tab or before going back to this page.
    document.addEventListener("visibilitychange", () => !document.hidden && this.#countAgain());
    addEventListener("pageshow", ({ persisted }) => (persisted || isFromHistory()) && this.#countAgain());
  }

  /** A frame of the directory socket; others are none of its business. */
  receive(frame) {
    if (frame?.type !== "rooms") return;
    this.#rooms = frame.rooms;
    this.#show();
  }

  #show() {
    const focused = this.#list.contains(document.activeElement) ? document.activeElement.href : null;
    const shown = sortRooms(this.#rooms).slice(0, this.#limit);
    this.#list.replaceChildren(...shown.map((room) => this.#roomElement(room)));
    this.#list.hidden = shown.length === 0;
    this.#empty.hidden = shown.length > 0;
    if (focused) [...this.#list.querySelectorAll("a")].find(({ href }) => href === focused)?.focus();
  }

  #roomElement(room) {
    const item = copyOf(part("room-template"));
    part("room-link", item).href = roomUrl(this.#chatUrl, room.name);
    part("room-name", item).textContent = room.name;
    part("room-lock", item).toggleAttribute("hidden", !room.members_only);
    const here = ngettext("%(count)s here", "%(count)s here", room.count);
    part("room-count", item).textContent = interpolate(here, { count: room.count });
    showLast(part("room-last", item), room.last);
    showUnread(part("room-unread", item), this.#unread.of(room));
    return item;
  }

  async #countAgain() {
    const answer = await answerOf(`${this.#chatUrl}?format=json`).catch(() => null);
    if (!answer?.rooms) return;
    this.#unread.count(answer.rooms);
    this.receive({ type: "rooms", ...answer });
  }
}
