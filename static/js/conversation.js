import { CatchUp } from "./catch_up.js";
import { Outbox } from "./outbox.js";
import { NOT_A_MEMBER } from "./models/backoff.js";
import { newClientId } from "./client_id.js";

/**
 * The join of a room's past and present: live frames, over HTTP what they left out, and the way out, where what is unsent
 * goes after what was missed. Knows no DOM. Hooks: onChange(), when the log holds something else;
 * onCaughtUp(isOk); onBegunAnew(), when the room was deleted and another has its place.
 */
export class Conversation {
  #log;
  #store;
  #socket;
  #guestName;
  #roomId;
  #hooks;
  #outbox;
  #catchUp;
  #haveAtOpen = 0;
  #isGreeted = false;
  #closedBecause = "";

  /** `guestName`: a GuestName; `roomId`: null before the room's first message; `socket()`: the LiveSocket. */
  constructor({ log, api, store, guestName, roomId, socket }, hooks) {
    this.#log = log;
    this.#store = store;
    this.#guestName = guestName;
    this.#roomId = roomId;
    this.#socket = socket;
    this.#hooks = hooks;
    this.#outbox = new Outbox(log.unsent, {
      transmit: (entry) => this.#transmit(entry),
      onSilence: () => this.#socket().restart(),
    });
    this.#catchUp = new CatchUp(log, api, {
      onChange: () => this.#changed(),
      // The server knows what it has by its `client_id`; so this need not wait for a history that does not come.
      onDone: (isOk) => {
        this.#outbox.start();
        hooks.onCaughtUp(isOk);
      },
    });
    const known = new Set(log.entries.map(({ clientId }) => clientId));
    store.load().forEach((draft) => known.has(draft.clientId) || log.submit(draft));
  }

  opened() {
    this.#haveAtOpen = this.#log.have;
    this.#isGreeted = false;
    this.#closedBecause = "";
    this.#log.unsent.isOnline = true;
    this.#catchUp.start();
    this.#changed();
  }

  statusChanged({ state, code, notice }) {
    if (state === "open") return;
    this.#catchUp.stop();
    this.#outbox.stop();
    this.#log.unsent.isOnline = false;
    if (code === NOT_A_MEMBER) this.#close(notice);
    this.#changed();
  }

  receive(frame) {
    if (frame?.type === "catch_up") this.#catchUp.soon();
    else if (frame?.type === "room") this.#receiveRoom(frame);
    else if (frame?.type === "error") this.#receiveError(frame);
    else this.#receiveEvent(frame);
  }

  /** Sends a text, `about` a moment or null. False when too many wait already. */
  submit(text, about = null) {
    return this.submitDraft({ text, about, clientId: newClientId(), username: this.#guestName.shown, at: Date.now() });
  }

  /** As `RoomLog.submit`, of what goes another way: an upload. */
  submitDraft(draft) {
    if (!this.#log.submit(draft)) return false;
    if (this.#closedBecause) this.#close(this.#closedBecause);
    if (this.#log.isDetached) this.toLatest();
    this.#changed();
    return true;
  }

  progressed(clientId, fraction) {
    this.#log.unsent.change(clientId, { progress: fraction });
    this.#changed();
  }

  failed(clientId, code, reason) {
    this.#log.unsent.change(clientId, { state: "failed", code, reason });
    this.#changed();
  }

  /** Returns the `client_id` under which it is tried again: of an upload, by whoever uploads. */
  retry(clientId) {
    const again = this.#log.unsent.retry(clientId, newClientId());
    this.#changed();
    return again?.clientId;
  }

  discard(clientId) {
    this.#log.unsent.take(clientId);
    this.#changed();
  }

  /** Fetches the room's end in place of what is shown. */
  toLatest() {
    this.#catchUp.toLatest();
  }

  /** Fetches what came since the log was last complete. */
  catchUp() {
    this.#catchUp.now();
  }

  #transmit({ text, about, clientId }) {
    return this.#socket().send({ message: text, username: this.#guestName.sent, client_id: clientId, ...(about && { about }) });
  }

  #receiveEvent(frame) {
    this.#log.receive(frame);
    this.#catchUp.watchHole();
    this.#changed();
  }

  /** The first of each connection says how far the room is; later ones may be overtaken by what they count. */
  #receiveRoom({ room: roomId, name: roomName, last_id: last }) {
    const isAnother = this.#roomId !== null && roomId !== this.#roomId;
    if (isAnother || (!this.#isGreeted && last < this.#haveAtOpen)) {
      this.#hooks.onBegunAnew();
      return;
    }
    this.#roomId = roomId;
    this.#store.moveTo({ roomName, roomId });
    if (this.#isGreeted) return;
    this.#isGreeted = true;
    if (!this.#catchUp.isBehind(last)) this.#outbox.start();
  }

  #receiveError({ code, detail, client_id: clientId }) {
    const isAgain = code === "too-fast" && this.#outbox.slowDown();
    if (clientId && !isAgain) this.failed(clientId, code, detail);
  }

  #close(reason) {
    this.#closedBecause = reason;
    this.#log.unsent.failAll(reason);
  }

  #changed() {
    this.#store.save(this.#log.unsent.entries);
    this.#outbox.next();
    this.#hooks.onChange();
  }
}
