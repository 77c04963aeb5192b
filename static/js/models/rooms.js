import { gettext } from "../text.js";

const ROOM_NAME = /^[\p{L}\p{N}\p{M} _-]{1,80}$/u;
const ROOM_NAME_MAX_CHARACTERS = 80;
const UNREAD_SHOWN = 99;

function normaliseRoomName(name) {
  return name.normalize("NFC").trim();
}

/** The rule of the server: letters, digits, space, `_` and `-` of any script, 1-80 of them. */
export function isRoomName(name) {
  return ROOM_NAME.test(normaliseRoomName(name));
}

/** Why `name` is no room's, or "". */
export function roomNameProblem(name) {
  const normalised = normaliseRoomName(name);
  if (normalised === "") return gettext("A room needs a name.");
  if ([...normalised].length > ROOM_NAME_MAX_CHARACTERS) return gettext("At most 80 characters, please.");
  return isRoomName(name) ? "" : gettext("Letters, digits, spaces, _ and - only, please.");
}

export function roomUrl(chatUrl, name) {
  return `${chatUrl}${encodeURIComponent(normaliseRoomName(name))}/`;
}

/** Whether `room` belongs to `device`: who wrote there first chose its case. */
export function isRoomOf(room, device) {
  return room.toLowerCase() === `device-${device}`;
}

/** Rooms with people first, then by their last message, then by name. */
export function sortRooms(rooms) {
  const lastAt = (room) => Date.parse(room.last?.datetime ?? "") || 0;
  return [...rooms].sort((a, b) => b.count - a.count || lastAt(b) - lastAt(a) || a.name.localeCompare(b.name));
}

/** "7"; more than 99 are "99+", none "". */
export function unreadText(count) {
  if (count > UNREAD_SHOWN) return `${UNREAD_SHOWN}+`;
  return count > 0 ? String(count) : "";
}

/** How much of each room this person has not read: what the server counted, and what each room has grown by since. */
export class Unread {
  #counted = new Map();

  /** `rooms` as the server counted them: `{name, unread, last_id}`. */
  constructor(rooms = []) {
    this.count(rooms);
  }

  /** The server counted again. */
  count(rooms) {
    this.#counted = new Map(rooms.map(({ name, unread, last_id: lastId }) => [name, { unread, lastId }]));
  }

  /** Of a room that was not there when the server counted (an old one, or one renamed), what comes from now on. */
  of({ name, last_id: lastId }) {
    const counted = this.#counted.get(name);
    if (counted && lastId >= counted.lastId) return counted.unread + lastId - counted.lastId;
    this.#counted.set(name, { unread: 0, lastId });
    return 0;
  }
}
