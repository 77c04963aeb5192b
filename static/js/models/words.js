const WORDS_LIMIT = 10;

/** The latest words, newest first, each slot once. A word is `{word, at}`. */
export class WordList {
  items = [];
  #limit;

  constructor(initial = [], limit = WORDS_LIMIT) {
    this.#limit = limit;
    initial.forEach((item) => this.add(item));
  }

  /** True when the word was new. */
  add(item) {
    if (this.items.some(({ at }) => at === item.at)) return false;
    this.items = [...this.items, item].sort((a, b) => b.at - a.at).slice(0, this.#limit);
    return this.items.includes(item);
  }

  get latest() {
    return this.items[0];
  }
}
