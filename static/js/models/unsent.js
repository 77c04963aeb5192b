import { unsentEntry } from "./entries.js";

export const UNSENT_LIMIT = 100;

/** One's own entries that the server has not confirmed, in the order they were written. `entries` is replaced, never changed. */
export class Unsent {
  entries = [];
  #isOnline = false;

  get isFull() {
    return this.entries.length >= UNSENT_LIMIT;
  }

  /** The text to hand over next. */
  get next() {
    return this.entries.find(({ kind, state }) => kind === "text" && (state === "pending" || state === "queued"));
  }

  find(clientId) {
    return clientId ? this.entries.find((entry) => entry.clientId === clientId) : undefined;
  }

  add(draft) {
    const entry = unsentEntry({ state: this.#waitingState(draft.kind), ...draft });
    this.entries = [...this.entries, entry];
    return entry;
  }

  change(clientId, changes) {
    this.#replace((entry) => (entry.clientId === clientId ? { ...entry, ...changes } : entry));
  }

  /** The failed entry, waiting once more; `freshId` takes the place of a `client_id` that is somebody else's. */
  retry(clientId, freshId) {
    const failed = this.find(clientId);
    if (failed?.state !== "failed") return undefined;
    const again = { state: this.#waitingState(failed.kind), reason: "", code: "", progress: null };
    const id = failed.code === "client-id-taken" ? freshId : clientId;
    this.change(clientId, { ...again, clientId: id });
    return this.find(id);
  }

  take(clientId) {
    const entry = this.find(clientId);
    if (entry) this.entries = this.entries.filter((other) => other !== entry);
    return entry;
  }

  /** Texts wait for the connection; uploads see for themselves. */
  set isOnline(isOnline) {
    this.#isOnline = isOnline;
    const isWaiting = ({ kind, state }) => kind === "text" && state !== "failed";
    this.#replace((entry) => (isWaiting(entry) ? { ...entry, state: this.#waitingState(entry.kind) } : entry));
  }

  failAll(reason) {
    this.#replace((entry) => (entry.state === "failed" ? entry : { ...entry, state: "failed", reason }));
  }

  #waitingState(kind = "text") {
    return kind === "text" && !this.#isOnline ? "queued" : "pending";
  }

  #replace(replaced) {
    this.entries = this.entries.map(replaced);
  }
}
