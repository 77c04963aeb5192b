import { gettext, interpolate } from "../text.js";

export const MAX_WAITING = 10;
const MIB = 1024 * 1024;
const NAME_SHOWN_CHARACTERS = 60;

// What browsers call the types that the server takes by their content.
const KIND_OF_TYPE = new Map([
  ["image/jpeg", "image"],
  ["image/png", "image"],
  ["image/gif", "image"],
  ["image/webp", "image"],
  ["video/mp4", "video"],
  ["video/webm", "video"],
  ["video/ogg", "video"],
  ["video/quicktime", "video"],
  ["video/x-m4v", "video"],
  ["application/ogg", "video"],
  ["audio/mpeg", "voice"],
  ["audio/mp3", "voice"],
  ["audio/mp4", "voice"],
  ["audio/x-m4a", "voice"],
  ["audio/webm", "voice"],
  ["audio/ogg", "voice"],
  ["audio/wav", "voice"],
  ["audio/wave", "voice"],
  ["audio/x-wav", "voice"],
  ["audio/vnd.wave", "voice"],
]);

/** For `accept` of a file input. */
export const ACCEPTED = [...KIND_OF_TYPE.keys()].join(",");

/** "image", "video", "voice", or null for what the server will not take. */
export function kindOf({ type }) {
  return KIND_OF_TYPE.get(type.split(";")[0].trim().toLowerCase()) ?? null;
}

/** A file's name for a sentence: not too long, and its own writing direction stays within it. */
function shownName(name) {
  const characters = [...name];
  const isLong = characters.length > NAME_SHOWN_CHARACTERS;
  const text = isLong ? `${characters.slice(0, NAME_SHOWN_CHARACTERS).join("")}…` : name;
  return `\u2068${text}\u2069`;
}

/** "3.2 MB", rounded up so that what is too big never reads as what fits. */
export function sizeText(bytes) {
  const size = Math.ceil((bytes / MIB) * 10) / 10;
  return interpolate(gettext("%(size)s MB"), { size });
}

/** Why `file` cannot be sent, or "". */
export function refusalOf(file, maxBytes) {
  const values = { name: shownName(file.name), size: sizeText(file.size), limit: sizeText(maxBytes) };
  if (kindOf(file) === null) {
    const types = gettext("“%(name)s” cannot be sent. JPEG, PNG, GIF, WebP, MP4, WebM, Ogg, MP3 and WAV can.");
    return interpolate(types, values);
  }
  if (file.size === 0) return interpolate(gettext("“%(name)s” is empty."), values);
  if (file.size > maxBytes) return interpolate(gettext("“%(name)s” has %(size)s; at most %(limit)s fit."), values);
  return "";
}

/** Files in the order they were chosen, one on its way at a time. An upload is anything with a `clientId`. */
export class UploadQueue {
  #waiting = [];
  #current = null;

  /** How many more may be added. */
  get free() {
    return MAX_WAITING - this.#waiting.length - (this.#current ? 1 : 0);
  }

  /** False when as many as may be are waiting. */
  add(upload) {
    if (this.free <= 0) return false;
    this.#waiting.push(upload);
    return true;
  }

  /** The upload to begin now, or null while another is on its way. */
  begin() {
    if (this.#current) return null;
    this.#current = this.#waiting.shift() ?? null;
    return this.#current;
  }

  isCurrent(clientId) {
    return this.#current?.clientId === clientId;
  }

  /** Takes an upload out, whether it ended, failed or is not wanted any longer. */
  remove(clientId) {
    if (this.isCurrent(clientId)) this.#current = null;
    this.#waiting = this.#waiting.filter((upload) => upload.clientId !== clientId);
  }

  clear() {
    this.#waiting = [];
    this.#current = null;
  }
}
