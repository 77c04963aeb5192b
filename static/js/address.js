const EVERY_MS = 400;

/** Keeps the view in the page's address: at once, then at most every 400 ms, since browsers count how often a page does so. */
export class Address {
  #timer = 0;
  #next = null;

  write(search) {
    this.#next = location.pathname + search;
    if (this.#timer === 0) this.#flush();
  }

  #flush() {
    this.#timer = 0;
    if (this.#next === null) return;
    history.replaceState(null, "", this.#next + location.hash);
    this.#next = null;
    this.#timer = setTimeout(() => this.#flush(), EVERY_MS);
  }
}
