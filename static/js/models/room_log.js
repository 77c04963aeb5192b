import { BoundedSet } from "./bounded_set.js";
import { MessageWindow } from "./message_window.js";
import { Sequence } from "./sequence.js";
import { Unsent } from "./unsent.js";
import { entryOf, isDeletion, isMessage } from "./entries.js";

export const MESSAGES_LIMIT = 500;
const DELETED_LIMIT = 1_000;

/**
 * What a room's page shows: the confirmed messages of a window, by number, then one's own unsent ones, as written.
 * Takes frames in any order, from the socket and from the history, and keeps each message once.
 */
export class RoomLog {
  unsent = new Unsent();
  #sender;
  #limit;
  #window;
  #sequence;
  #deleted = new BoundedSet(DELETED_LIMIT);
  #isAtEnd = true;

  /** `page`: `{messages, more}`, the latest of the room, which lacks nothing up to number `have`. */
  constructor({ sender, have = 0, page = { messages: [], more: false }, limit = MESSAGES_LIMIT }) {
    this.#sender = sender;
    this.#limit = limit;
    this.#begin(page, have);
  }

  get entries() {
    return [...this.#window.entries, ...this.unsent.entries];
  }

  /** The number up to which the page lacks nothing: `after` of what to ask for. */
  get have() {
    return this.#sequence.have;
  }

  get hasHole() {
    return this.#sequence.hasHole;
  }

  get hasOlder() {
    return this.#window.hasOlder;
  }

  /** `before` of the page above the window. */
  get low() {
    return this.#window.low;
  }

  /** The window ends before the room's last message. */
  get isDetached() {
    return this.#window.isDetached;
  }

  /** `after` of the page below a detached window. */
  get high() {
    return this.#window.high;
  }

  get unseen() {
    return this.#window.unseen;
  }

  get isAtEnd() {
    return this.#isAtEnd;
  }

  /** Whether the reader is at the end of what is shown: then the oldest give way to new ones, and those are seen. */
  set isAtEnd(isAtEnd) {
    this.#isAtEnd = isAtEnd;
    if (isAtEnd) this.#window.see();
  }

  /**
   * One's own message, shown until the server has it: `{clientId, text, username, at}`, of an upload also
   * `{kind, previewUrl, media}`. Null where too many wait already.
   */
  submit(draft) {
    if (this.unsent.isFull) return null;
    const entry = this.unsent.add({ ...draft, sender: this.#sender });
    this.#settle("newest");
    return entry;
  }

  /** A live frame: a message or a deletion; others are ignored. */
  receive(frame) {
    if (!isMessage(frame) && !isDeletion(frame)) return;
    const isNew = !this.#sequence.has(frame.id);
    this.#sequence.add(frame.id);
    const entry = this.#confirmed(frame);
    if (entry) this.#window.insert(entry, isNew);
    this.#settle(this.#isAtEnd ? "newest" : "oldest");
  }

  /** The page of history that follows number `after`. */
  catchUp({ messages }, after) {
    const reached = after <= this.have ? messages.at(-1)?.id : 0;
    for (const frame of messages) this.receive(frame);
    if (reached) this.#sequence.reach(reached);
  }

  /** The page above the window, before number `before`. Ignored when the window has moved meanwhile. */
  extendUp({ messages, more }, before) {
    if (before !== this.low) return;
    const entries = messages.filter(isMessage).map((frame) => this.#confirmed(frame));
    this.#window.extendUp(entries.filter(Boolean), messages[0]?.id ?? before, more && messages.length > 0);
    this.#settle("oldest");
  }

  /** The page below a detached window, after number `after`. With the last one the log is at the room's end again. */
  extendDown({ messages, more }, after) {
    if (!this.isDetached || after !== this.high) return;
    const high = messages.at(-1)?.id ?? after;
    const entries = messages.map((frame) => this.#confirmed(frame));
    this.#window.extendDown(entries.filter(Boolean), high, more);
    // What came live meanwhile was only counted; it is to be asked for.
    if (!more) this.#sequence = new Sequence(high);
    this.#settle("newest");
  }

  /** The room's latest page, in place of what is shown. */
  restart(page) {
    this.#begin(page, page.messages.at(-1)?.id ?? 0);
  }

  /**
   * The page before number `before`, in place of what is shown. The log is detached where it knows of later messages;
   * else the page is the room's end.
   */
  showAround({ messages, more }, before) {
    this.#window = new MessageWindow();
    const entries = messages.map((frame) => this.#confirmed(frame));
    this.#window.extendUp(entries.filter(Boolean), messages[0]?.id ?? before, more);
    if (this.#sequence.newest >= before) this.#window.extendDown([], before - 1, true);
    else this.#sequence.reach(messages.at(-1)?.id ?? 0);
    this.#window.see(this.#sequence.newest);
    this.#isAtEnd = false;
  }

  #begin(page, have) {
    this.#sequence = new Sequence(have);
    this.#window = new MessageWindow();
    const entries = page.messages.map((frame) => this.#confirmed(frame));
    this.#window.extendUp(entries.filter(Boolean), page.messages[0]?.id ?? have + 1, page.more);
    this.isAtEnd = true;
  }

  /** What `frame` says is true from now on; returns the entry to show, if any. */
  #confirmed(frame) {
    if (isDeletion(frame)) return this.#forget(frame.message_id);
    if (!isMessage(frame)) return null;
    const own = this.unsent.take(frame.client_id);
    // A text without text is the echo of something that was deleted since.
    if (frame.type === "text" && frame.message === "") return this.#forget(frame.id);
    return this.#deleted.has(frame.id) ? null : entryOf(frame, { sender: this.#sender, own });
  }

  #forget(number) {
    this.#deleted.add(number);
    this.#window.remove(number);
    return null;
  }

  #settle(keeps) {
    this.#window.trim(this.#limit - this.unsent.entries.length, keeps);
    if (this.#isAtEnd) this.#window.see();
  }
}
