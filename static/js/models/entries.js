import { gettext } from "../text.js";
import { momentOf } from "./moment.js";

/**
 * An entry is what a page shows of one message; entries are replaced, never changed:
 * `{key, id, clientId, sender, username, mine, kind, text, url, media, previewUrl, about, alarm, isTelemetry, at, state, reason, code, progress}`.
 * `key` stays with it, `id` is null until it is stored, `kind` is "text", "image", "video" or "voice"; media have a
 * `url` once stored and `media` `{title, width, height, thumbnail, size}`. `state` is "sent", or of one's own
 * "pending", "queued" (until the connection is back) or "failed" (`reason` is for people, `code` the server's word).
 * `progress` is an upload's, 0-1, else null. `about` is the moment that it speaks of, `alarm` the state in which it tells of
 * an alarm ("raised", "cleared", "acknowledged"); without one they are null. `isTelemetry`: the program itself says it.
 */

export const MESSAGE_MAX_CHARACTERS = 4_000;
const GROUP_WITHIN_MS = 5 * 60_000;
const KINDS = new Set(["text", "image", "video", "voice"]);
const ALARM_STATES = new Set(["raised", "cleared", "acknowledged"]);
const TELEMETRY = "telemetry"; // the public id of nobody else
const UNSENT = {
  id: null,
  mine: true,
  url: null,
  media: null,
  previewUrl: null,
  about: null,
  alarm: null,
  isTelemetry: false,
  state: "pending",
  reason: "",
  code: "",
  progress: null,
};

export function isMessage(frame) {
  return KINDS.has(frame?.type) && typeof frame.message === "string" && Number.isSafeInteger(frame.id);
}

export function isDeletion(frame) {
  return frame?.type === "deleted" && Number.isSafeInteger(frame.id) && Number.isSafeInteger(frame.message_id);
}

/** The entry of a message frame; `own` is the unsent one that it confirms. */
export function entryOf(frame, { sender, own }) {
  const isText = frame.type === "text";
  return {
    ...UNSENT,
    key: own?.key ?? `m${frame.id}`,
    id: frame.id,
    clientId: frame.client_id ?? null,
    sender: frame.sender ?? frame.username,
    username: frame.username,
    mine: Boolean(own) || (frame.sender !== undefined && frame.sender === sender),
    kind: frame.type,
    text: isText ? frame.message : "",
    url: isText ? null : frame.message,
    media: frame.media ?? null,
    about: momentOf(frame.about),
    alarm: ALARM_STATES.has(frame.alarm?.state) ? frame.alarm.state : null,
    isTelemetry: frame.sender === TELEMETRY,
    at: Date.parse(frame.datetime) || 0,
    state: "sent",
  };
}

/** One's own message before the server has it. */
export function unsentEntry({ clientId, kind = "text", text = "", ...more }) {
  return { ...UNSENT, ...more, key: `c${clientId}`, clientId, kind, text };
}

/** True when `entry` goes on speaking for whoever wrote `previous`, so that a name and a time need no repeating. */
export function continuesGroup(previous, entry) {
  return (
    previous !== undefined &&
    previous.sender === entry.sender &&
    previous.username === entry.username &&
    Math.abs(entry.at - previous.at) < GROUP_WITHIN_MS
  );
}

/** A hue that stays with a sender, 0-359. */
export function hueOf(sender) {
  let hash = 0;
  for (const character of sender) hash = (hash * 31 + character.codePointAt(0)) % 65_521;
  return hash % 360;
}

/** A message in a line: its text; a file says what it is. */
export function saidText(type, text) {
  switch (type) {
    case "image":
      return gettext("sent a picture");
    case "video":
      return gettext("sent a video");
    case "voice":
      return gettext("sent a voice message");
    default:
      return text;
  }
}
