export const MESSAGES_LIMIT = 500;
export const MESSAGE_MAX_CHARACTERS = 4_000;
const GROUP_WITHIN_MS = 5 * 60_000;
const MESSAGE_TYPES = new Set(["text", "image", "video", "voice"]);

export function isMessage(frame) {
  return MESSAGE_TYPES.has(frame?.type) && typeof frame.message === "string";
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

/**
 * What a room's page shows: bounded, each message once, one's own from the moment it is sent.
 * An entry is `{key, id, clientId, sender, username, mine, text, at, state}`; `state` is "pending", "failed" or "sent".
 */
export class RoomLog {
  entries = [];
  #sender;
  #limit;

  constructor(sender, limit = MESSAGES_LIMIT) {
    this.#sender = sender;
    this.#limit = limit;
  }

  /** One's own message before the server has it. */
  submit({ text, clientId, username, at }) {
    const entry = { id: null, clientId, sender: this.#sender, username, mine: true, text, at, state: "pending" };
    return this.#keep(entry);
  }

  /** `{entry, isNew}` for a message frame; a known one is confirmed, not doubled. */
  receive(frame) {
    const known = this.#find(frame);
    if (known) {
      known.state = "sent";
      known.id = frame.id ?? known.id;
      known.text = frame.message;
      known.username = frame.username;
      return { entry: known, isNew: false };
    }
    const entry = {
      id: frame.id ?? null,
      clientId: frame.client_id ?? null,
      sender: frame.sender ?? frame.username,
      username: frame.username,
      mine: frame.sender !== undefined && frame.sender === this.#sender,
      text: frame.message,
      at: Date.parse(frame.datetime) || 0,
      state: "sent",
    };
    return { entry: this.#keep(entry), isNew: true };
  }

  /** The message to send again, pending once more. */
  retry(clientId) {
    const entry = this.entries.find((one) => one.clientId === clientId && one.state === "failed");
    if (entry) entry.state = "pending";
    return entry;
  }

  /** Marks a pending message as failed: that of `clientId`, else the oldest, since a server answers in order. */
  fail(clientId) {
    const isMeant = (entry) => entry.state === "pending" && (!clientId || entry.clientId === clientId);
    const entry = this.entries.find(isMeant);
    if (entry) entry.state = "failed";
    return entry;
  }

  failPending() {
    const lost = this.entries.filter((entry) => entry.state === "pending");
    lost.forEach((entry) => (entry.state = "failed"));
    return lost;
  }

  #find({ id, sender, client_id: clientId }) {
    return this.entries.find(
      (entry) =>
        (id !== undefined && entry.id === id) ||
        (Boolean(clientId) && entry.clientId === clientId && entry.sender === sender),
    );
  }

  #keep(entry) {
    this.entries.push(entry);
    if (this.entries.length > this.#limit) this.entries.splice(0, this.entries.length - this.#limit);
    return entry;
  }
}
