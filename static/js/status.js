import { gettext, interpolate } from "./text.js";
import { part, setText } from "./dom.js";

const COUNTDOWN_EVERY_MS = 250;

function secondsUntil(retryAtMs) {
  return Math.max(1, Math.ceil((retryAtMs - performance.now()) / 1000));
}

function sentenceOf({ state, retryAtMs }) {
  if (state === "stopped") return "";
  if (state !== "waiting") return gettext("Reconnecting…");
  return interpolate(gettext("Reconnecting in %(seconds)s s"), { seconds: secondsUntil(retryAtMs) });
}

/** Away is what was open, or has been tried; a first attempt is not worth a word. */
function isAway({ state, again, tries }) {
  return state === "waiting" || state === "stopped" || (state === "connecting" && (again || tries > 0));
}

/** Of several sockets the one to talk about: one that stays closed, else the one that is back soonest. */
function worstOf(statuses) {
  const rank = { stopped: 0, waiting: 1, connecting: 2, open: 3, idle: 4 };
  return [...statuses].sort((a, b) => rank[a.state] - rank[b.state] || a.retryAtMs - b.retryAtMs)[0];
}

/**
 * The pill: silent while all is live, else what is wrong, when it ends, and "Retry now".
 * A screen reader hears changes, not seconds.
 */
export class StatusPill {
  #root = part("status");
  #pill = part("pill", this.#root);
  #sentence = part("pill-sentence", this.#root);
  #retry = part("pill-retry", this.#root);
  #spoken = part("pill-spoken", this.#root);
  #lamp = part("lamp");
  #sources = new Map();
  #timer = 0;
  #saidState = "";

  constructor() {
    this.#retry.addEventListener("click", () => this.#sources.forEach(({ socket }) => socket.retryNow()));
  }

  /** Takes the status of `socket`; `region` is dimmed, never emptied, while its socket is away. */
  report(socket, status, region) {
    this.#sources.set(socket, { socket, status });
    region?.toggleAttribute("data-stale", isAway(status));
    this.#render();
  }

  #render() {
    clearInterval(this.#timer);
    const worst = worstOf([...this.#sources.values()].map(({ status }) => status));
    this.#pill.hidden = !isAway(worst);
    this.#pill.dataset.state = worst.state;
    this.#showRetry(worst.state === "waiting");
    this.#lamp.dataset.state = isAway(worst) ? "away" : worst.state;
    this.#write(worst);
    this.#speak(worst);
    if (worst.state === "waiting") this.#timer = setInterval(() => this.#write(worst), COUNTDOWN_EVERY_MS);
  }

  /** Who used the button would lose their place with it. */
  #showRetry(isShown) {
    const hadFocus = document.activeElement === this.#retry;
    this.#retry.hidden = !isShown;
    if (hadFocus && !isShown) document.getElementById("main").focus({ preventScroll: true });
  }

  #write(status) {
    const text = [status.notice, sentenceOf(status)].filter(Boolean).join(" ");
    setText(this.#sentence, text);
  }

  #speak(status) {
    const { state, notice } = status;
    const key = state === "connecting" && isAway(status) ? "waiting" : state;
    if (key === this.#saidState) return;
    const wasAway = this.#saidState === "waiting";
    this.#saidState = key;
    if (key === "waiting") this.#spoken.textContent = `${notice} ${gettext("Connection lost. Reconnecting.")}`.trim();
    else if (key === "stopped") this.#spoken.textContent = notice;
    else this.#spoken.textContent = key === "open" && wasAway ? gettext("Connected again.") : "";
  }
}
