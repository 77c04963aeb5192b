import { planAfterClose } from "./models/backoff.js";

const CONNECT_TIMEOUT_MS = 10_000;
const STABLE_MS = 5_000;
const ABNORMAL_CLOSURE = 1006;
const NORMAL_CLOSURE = 1000;

export function socketUrl(path, base = globalThis.location) {
  const scheme = base.protocol === "https:" ? "wss:" : "ws:";
  return new URL(path, `${scheme}//${base.host}`).href;
}

/**
 * A WebSocket that comes back. Each status is `{state, retryAtMs, code, notice, again, tries}`:
 * `state` is "idle", "connecting", "open", "waiting" (until `retryAtMs` of `performance.now()`) or "stopped";
 * `again` says that it was open before, `tries` how often it closed since it was last stable. Hooks: onOpen(again), onFrame(text, parsed), onSent(text), onStatus(status).
 */
export class LiveSocket {
  status = { state: "idle", retryAtMs: 0, code: 0, notice: "", again: false, tries: 0 };
  #path;
  #hooks;
  #silenceMs;
  #socket = null;
  #timer = 0;
  #attempt = 0;
  #openedAtMs = 0;
  #listening = null;

  constructor(path, { silenceMs = 0, ...hooks } = {}) {
    this.#path = path;
    this.#hooks = hooks;
    this.#silenceMs = silenceMs;
  }

  connect() {
    if (this.#listening) return;
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    addEventListener("online", () => this.retryNow(), { signal });
    // Nothing arrives any more, and nothing would say so for a long time.
    addEventListener("offline", () => this.restart(), { signal });
    document.addEventListener("visibilitychange", () => !document.hidden && this.retryNow(), { signal });
    this.#open();
  }

  close() {
    this.#listening?.abort();
    this.#listening = null;
    this.#drop();
    this.#report("idle");
  }

  get isOpen() {
    return this.status.state === "open";
  }

  /** True when the frame was handed to an open socket; that it arrived is the echo's to say. */
  send(data) {
    // One that is closing drops what it is given.
    if (!this.isOpen || this.#socket.readyState !== WebSocket.OPEN) return false;
    const text = JSON.stringify(data);
    this.#socket.send(text);
    this.#hooks.onSent?.(text);
    return true;
  }

  /** From the next connection on it goes to `path`. */
  moveTo(path) {
    this.#path = path;
  }

  /** Ends a wait; an open or opening socket and one that was told to stay away are left alone. */
  retryNow() {
    if (this.status.state === "waiting") this.#open();
  }

  /** Gives up a socket that seems dead and starts over. */
  restart() {
    if (this.#socket) this.#closed(ABNORMAL_CLOSURE);
  }

  #open() {
    this.#drop();
    const socket = new WebSocket(socketUrl(this.#path));
    this.#socket = socket;
    const current = (act) => (event) => socket === this.#socket && act(event);
    socket.onopen = current(() => this.#opened());
    socket.onmessage = current((event) => this.#received(event.data));
    socket.onclose = current((event) => this.#closed(event.code));
    this.#report("connecting");
    this.#expectWithin(CONNECT_TIMEOUT_MS);
  }

  #opened() {
    const { again } = this.status;
    this.#openedAtMs = performance.now();
    this.#report("open", { again: true });
    this.#expectWithin(this.#silenceMs);
    this.#hooks.onOpen?.(again);
  }

  #received(text) {
    this.#expectWithin(this.#silenceMs);
    let parsed = null;
    try {
      parsed = JSON.parse(text);
    } catch {
      // What is not JSON still belongs on the wire panel.
    }
    this.#hooks.onFrame?.(text, parsed);
  }

  #closed(code) {
    const wasStable = this.isOpen && performance.now() - this.#openedAtMs >= STABLE_MS;
    if (wasStable) this.#attempt = 0;
    this.#drop();
    const plan = planAfterClose(code, this.#attempt);
    if (plan.next === "stop") {
      this.#report("stopped", { code, notice: plan.notice });
      return;
    }
    this.#attempt += 1;
    this.#report("waiting", { code, notice: plan.notice, retryAtMs: performance.now() + plan.delayMs });
    this.#timer = setTimeout(() => this.#open(), plan.delayMs);
  }

  #expectWithin(ms) {
    clearTimeout(this.#timer);
    if (ms > 0) this.#timer = setTimeout(() => this.restart(), ms);
  }

  #drop() {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    this.#socket = null;
    socket?.close(NORMAL_CLOSURE);
  }

  #report(state, { code = 0, notice = "", retryAtMs = 0, again = this.status.again } = {}) {
    this.status = { state, retryAtMs, code, notice, again, tries: this.#attempt };
    this.#hooks.onStatus?.(this.status);
  }
}
