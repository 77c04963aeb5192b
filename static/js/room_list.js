import { gettext, interpolate, ngettext } from "./text.js";
import { element } from "./dom.js";
import { roomUrl, sortRooms } from "./models/rooms.js";

function lastLine({ last }) {
  const line = element("span", "room-last");
  if (last) line.append(element("b", "", last.username), ` ${last.message}`);
  else line.textContent = gettext("No message yet");
  line.dir = "auto";
  return line;
}

function roomElement(room, chatUrl) {
  const item = element("li");
  const link = element("a", "room-row");
  link.href = roomUrl(chatUrl, room.name);
  const name = element("span", "room-name", room.name);
  name.dir = "auto";
  const count = interpolate(ngettext("%(count)s here", "%(count)s here", room.count), { count: room.count });
  link.append(name, element("span", "room-count", count), lastLine(room));
  item.append(link);
  return item;
}

/** Shows `rooms` in `list`, at most `limit` of them, and `empty` when there are none. */
export function renderRooms(list, empty, rooms, { chatUrl, limit = Infinity }) {
  const focused = list.contains(document.activeElement) ? document.activeElement.href : null;
  list.replaceChildren(...sortRooms(rooms).slice(0, limit).map((room) => roomElement(room, chatUrl)));
  list.hidden = rooms.length === 0;
  empty.hidden = rooms.length > 0;
  if (focused) [...list.querySelectorAll("a")].find(({ href }) => href === focused)?.focus();
}
