const ECHO_WITHIN_MS = 10_000;
const PAUSE_MS = 1_000;
const PAUSES = 5;

/**
 * Hands over what is unsent, one text at a time in the order written, each after the echo of the one before.
 * Hooks: transmit(entry), false where there is no connection; onSilence(), when no echo came in time.
 */
export class Outbox {
  #unsent;
  #hooks;
  #isReady = false;
  #onItsWay = null;
  #pauses = 0;
  #timer = 0;

  constructor(unsent, hooks) {
    this.#unsent = unsent;
    this.#hooks = hooks;
  }

  start() {
    this.#isReady = true;
    this.next();
  }

  stop() {
    this.#isReady = false;
    this.#settle();
  }

  /** To be called whenever something was written, confirmed or refused. */
  next() {
    if (!this.#isReady) return;
    const underWay = this.#unsent.find(this.#onItsWay);
    if (underWay?.state === "pending") return;
    if (this.#onItsWay && !underWay) this.#pauses = 0; // confirmed
    this.#settle();
    const entry = this.#unsent.next;
    if (!entry || !this.#hooks.transmit(entry)) return;
    this.#onItsWay = entry.clientId;
    this.#timer = setTimeout(this.#hooks.onSilence, ECHO_WITHIN_MS);
  }

  /** The server wants it slower: tries again after a growing pause. False when that was tried often enough. */
  slowDown() {
    if (this.#pauses >= PAUSES) return false;
    this.#settle();
    this.#isReady = false;
    this.#timer = setTimeout(() => this.start(), PAUSE_MS * 2 ** this.#pauses);
    this.#pauses += 1;
    return true;
  }

  #settle() {
    clearTimeout(this.#timer);
    this.#onItsWay = null;
  }
}
