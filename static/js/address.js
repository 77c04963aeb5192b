const EVERY_MS = 400;

/** Keeps the view in the page's address: at once, then at most every 400 ms, since browsers count how often a page does so. */
export class Address {
  #timer = 0;
  #next = null;

  /** `searchFrom(search)` gives the query string that takes the place of the present one: others write into it too. */
  write(searchFrom) {
    this.#next = searchFrom;
    if (this.#timer === 0) this.#flush();
  }

  #flush() {
    this.#timer = 0;
    if (this.#next === null) return;
    history.replaceState(null, "", location.pathname + this.#next(location.search) + location.hash);
    this.#next = null;
    this.#timer = setTimeout(() => this.#flush(), EVERY_MS);
  }
}
