import { saidText } from "./models/entries.js";
import { Unread, roomUrl, sortRooms, unreadText } from "./models/rooms.js";
import { copyOf, element, jsonScript, part, placeAt, setText } from "./dom.js";
import { gettext, interpolate, ngettext } from "./text.js";
import { answerOf } from "./http.js";

function showLast(line, last) {
  if (!last) {
    setText(line, gettext("No message yet"));
    return;
  }
  const said = ` ${saidText(last.type, last.message)}`;
  if (line.textContent !== last.username + said) line.replaceChildren(element("b", "", last.username), said);
}

function showUnread(badge, count) {
  badge.hidden = count <= 0;
  setText(part("room-unread-shown", badge), unreadText(count));
  const spoken = ngettext("%(count)s unread message", "%(count)s unread messages", count);
  setText(part("room-unread-spoken", badge), interpolate(spoken, { count }));
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
  #rooms;
  #rows;
  #unread;

  /** `root` holds the list and what stands for an empty one; `limit` is how many rooms are shown. */
  constructor(root, { limit = Infinity } = {}) {
    this.#list = part("rooms", root);
    this.#empty = part("rooms-empty", root);
    this.#chatUrl = root.dataset.chatUrl;
    this.#limit = limit;
    this.#rooms = jsonScript("rooms", []);
    this.#rows = new Map([...this.#list.children].map((row) => [part("room-link", row).getAttribute("href"), row]));
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

  /** Each room keeps its row: one that is replaced between press and release takes no click. */
  #show() {
    const shown = sortRooms(this.#rooms).slice(0, this.#limit);
    const roomOf = new Map(shown.map((room) => [roomUrl(this.#chatUrl, room.name), room]));
    for (const [url, row] of this.#rows) if (!roomOf.has(url)) this.#drop(url, row);
    [...roomOf].forEach(([url, room], index) => placeAt(this.#list, this.#rowOf(url, room), index));
    this.#list.hidden = shown.length === 0;
    this.#empty.hidden = shown.length > 0;
  }

  #rowOf(url, room) {
    const row = this.#rows.get(url) ?? copyOf(part("room-template"));
    this.#rows.set(url, row);
    part("room-link", row).href = url;
    setText(part("room-name", row), room.name);
    part("room-lock", row).toggleAttribute("hidden", !room.members_only);
    const here = ngettext("%(count)s here", "%(count)s here", room.count);
    setText(part("room-count", row), interpolate(here, { count: room.count }));
    showLast(part("room-last", row), room.last);
    showUnread(part("room-unread", row), this.#unread.of(room));
    return row;
  }

  #drop(url, row) {
    row.remove();
    this.#rows.delete(url);
  }

  async #countAgain() {
    const answer = await answerOf(`${this.#chatUrl}?format=json`).catch(() => null);
    if (!answer?.rooms) return;
    this.#unread.count(answer.rooms);
    this.receive({ type: "rooms", ...answer });
  }
}
