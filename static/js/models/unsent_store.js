import { momentOf } from "./moment.js";
import { UNSENT_LIMIT } from "./unsent.js";

function isDraft(kept) {
  return typeof kept?.clientId === "string" && typeof kept.text === "string" && Number.isFinite(kept.at);
}

function draftOf({ clientId, username, text, about, at, state, reason, code }) {
  const draft = { clientId, username, text, at, ...(about && { about }) };
  return state === "failed" ? { ...draft, state, reason, code } : draft;
}

/** Unsent texts of a room, kept over a reload in a `Storage` that may be missing, full or forbidden. */
export class UnsentStore {
  #storage;
  #sender;
  #roomName;
  #roomId;
  #saved = null;

  /** Of another `sender`, who used this tab before, nothing is given away. */
  constructor(storage, { sender, roomName, roomId }) {
    this.#storage = storage;
    this.#sender = sender;
    this.#roomName = roomName;
    this.#roomId = roomId;
  }

  /** The room has an id since its first message, and may be renamed. */
  moveTo({ roomName, roomId }) {
    if (roomId === this.#roomId && roomName === this.#roomName) return;
    const drafts = this.load();
    this.#write([]);
    this.#roomName = roomName;
    this.#roomId = roomId;
    this.#write(drafts);
  }

  /** Drafts for `RoomLog.submit`. */
  load() {
    return this.#keys.flatMap((key) => this.#read(key)).slice(0, UNSENT_LIMIT);
  }

  save(entries) {
    if (entries === this.#saved) return;
    this.#saved = entries;
    this.#write(entries.filter(({ kind }) => kind === "text").map(draftOf));
  }

  /** Under its name a room keeps only what was written before it had an id. */
  get #keys() {
    const named = `unsent:name:${this.#roomName}`;
    return this.#roomId === null ? [named] : [`unsent:room:${this.#roomId}`, named];
  }

  #read(key) {
    try {
      const { sender, drafts } = JSON.parse(this.#storage.getItem(key));
      return sender === this.#sender ? drafts.filter(isDraft).map((draft) => ({ ...draft, about: momentOf(draft.about) })) : [];
    } catch {
      return [];
    }
  }

  #write(drafts) {
    const [key, ...former] = this.#keys;
    try {
      former.forEach((old) => this.#storage.removeItem(old));
      if (drafts.length === 0) this.#storage.removeItem(key);
      else this.#storage.setItem(key, JSON.stringify({ sender: this.#sender, drafts }));
    } catch {
      // Without storage what is unsent lasts as long as its page.
    }
  }
}
