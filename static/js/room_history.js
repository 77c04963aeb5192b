const PAGE_MESSAGES = 50;

/** Fetches what is above and, where the log ends early, below it; one page at a time. Hook: onLoaded(isOk). */
export class RoomHistory {
  #log;
  #api;
  #onLoaded;
  #isLoading = false;
  #wanted = 0;

  constructor(log, api, onLoaded) {
    this.#log = log;
    this.#api = api;
    this.#onLoaded = onLoaded;
  }

  older() {
    if (!this.#log.hasOlder) return;
    const before = this.#log.low;
    this.#load({ before }, (page) => this.#log.extendUp(page, before));
  }

  newer() {
    if (!this.#log.isDetached) return;
    const after = this.#log.high;
    this.#load({ after }, (page) => this.#log.extendDown(page, after));
  }

  /** The page with message `number` in its middle, in place of what is shown. Gives whether it came; of two wishes the later one counts. */
  async around(number) {
    this.#wanted = number;
    const before = number + PAGE_MESSAGES / 2;
    const page = await this.#api.messages({ before, limit: PAGE_MESSAGES }).catch(() => null);
    if (this.#wanted !== number) return false;
    if (page) this.#log.showAround(page, before);
    this.#onLoaded(page !== null);
    return page !== null;
  }

  async #load(range, extend) {
    if (this.#isLoading) return;
    this.#isLoading = true;
    const isOk = await this.#api.messages({ ...range, limit: PAGE_MESSAGES }).then(
      (page) => extend(page) ?? true,
      () => false,
    );
    this.#isLoading = false;
    this.#onLoaded(isOk);
  }
}
