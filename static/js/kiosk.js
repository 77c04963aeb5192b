import { Refetch } from "./refetch.js";
import { noteOf, shouldReload } from "./models/reload_guard.js";

const NOTE = "kiosk-reload";
const SPREAD_MS = 5_000;

function lastNote() {
  try {
    return JSON.parse(sessionStorage.getItem(NOTE));
  } catch {
    return null;
  }
}

/** A page on a wall: takes the new version after a deploy by itself, and keeps the screen awake. */
export class Kiosk {
  #own;
  #api;
  #timer = 0;
  #refetch = new Refetch(() => this.#compare());

  constructor(own, api) {
    this.#own = own;
    this.#api = api;
    document.addEventListener("visibilitychange", () => this.#stayAwake());
    this.#stayAwake();
  }

  /** Asked after each reconnect: a deploy always ends the connection. */
  check() {
    this.#refetch.now();
  }

  async #compare() {
    const version = await this.#api.version();
    if (!shouldReload({ own: this.#own, version, last: lastNote(), nowMs: Date.now() })) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      sessionStorage.setItem(NOTE, JSON.stringify(noteOf(version, Date.now())));
      location.reload();
    }, Math.random() * SPREAD_MS);
  }

  async #stayAwake() {
    if (document.hidden || !navigator.wakeLock) return;
    await navigator.wakeLock.request("screen").catch(() => {
      // Without https or on battery the browser may refuse; the picture lives on without it.
    });
  }
}
