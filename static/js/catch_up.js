import { MESSAGES_LIMIT } from "./models/room_log.js";
import { Refetch } from "./refetch.js";

const SPREAD_MS = 3_000;
const HOLE_LASTS_MS = 300;
const CHECK_EVERY_MS = 60_000;
const PAGE_MESSAGES = 200;

/**
 * Fetches what a room's log lacks, page by page, until nothing is missing. Works while started.
 * Hooks: onChange(), after each page; onDone(isOk), after each run.
 */
export class CatchUp {
  #log;
  #api;
  #onChange;
  #refetch;
  #isStarted = false;
  #wantsLatest = false;
  #holeTimer = 0;
  #checkTimer = 0;

  constructor(log, api, { onChange, onDone }) {
    this.#log = log;
    this.#api = api;
    this.#onChange = onChange;
    this.#refetch = new Refetch(() => this.#fetch(), onDone);
  }

  start() {
    this.stop();
    this.#isStarted = true;
    // A message whose announcement died with its server leaves a hole that no frame shows.
    this.#checkTimer = setInterval(() => document.hidden || this.#refetch.now(), CHECK_EVERY_MS);
  }

  stop() {
    this.#isStarted = false;
    clearTimeout(this.#holeTimer);
    clearInterval(this.#checkTimer);
    this.#holeTimer = 0;
    this.#refetch.stop();
  }

  /** True when the log lacks something of a room whose last number is `last`; it is fetched then. */
  isBehind(last) {
    const missing = last - this.#log.have;
    // Of so much nothing that is shown now would be left.
    if (this.#log.isAtEnd && missing > MESSAGES_LIMIT) this.#wantsLatest = true;
    if (missing > 0 || this.#wantsLatest) this.#refetch.now();
    return missing > 0 || this.#wantsLatest;
  }

  /** Frames may have been lost: asks at a random moment, since everybody in the room was told so. */
  soon() {
    this.#refetch.within(Math.random() * SPREAD_MS);
  }

  /** Frames overtake each other; a hole that stays is a loss. */
  watchHole() {
    if (this.#log.hasHole) this.#holeTimer ||= setTimeout(() => this.#fillHole(), HOLE_LASTS_MS);
  }

  now() {
    this.#refetch.now();
  }

  /** The room's latest page, in place of what is shown. */
  toLatest() {
    this.#wantsLatest = true;
    this.#refetch.now();
  }

  #fillHole() {
    this.#holeTimer = 0;
    if (this.#log.hasHole) this.#refetch.now();
  }

  async #fetch() {
    if (!this.#isStarted) return;
    if (this.#wantsLatest) await this.#fetchLatest();
    for (let more = true; more; ) {
      const after = this.#log.have;
      const page = await this.#api.messages({ after, limit: PAGE_MESSAGES });
      this.#log.catchUp(page, after);
      this.#onChange();
      more = page.more && this.#log.have > after;
    }
  }

  async #fetchLatest() {
    this.#log.restart(await this.#api.messages());
    this.#wantsLatest = false;
    this.#onChange();
  }
}
