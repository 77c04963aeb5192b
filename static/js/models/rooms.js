const ROOM_NAME = /^[\p{L}\p{N}\p{M} _-]{1,80}$/u;

export function normaliseRoomName(name) {
  return name.normalize("NFC").trim();
}

/** The rule of the server: letters, digits, space, `_` and `-` of any script, 1-80 of them. */
export function isRoomName(name) {
  return ROOM_NAME.test(normaliseRoomName(name));
}

export function roomUrl(chatUrl, name) {
  return `${chatUrl}${encodeURIComponent(normaliseRoomName(name))}/`;
}

/** Rooms with people first, then by their last message, then by name. */
export function sortRooms(rooms) {
  const lastAt = (room) => Date.parse(room.last?.datetime ?? "") || 0;
  return [...rooms].sort((a, b) => b.count - a.count || lastAt(b) - lastAt(a) || a.name.localeCompare(b.name));
}
