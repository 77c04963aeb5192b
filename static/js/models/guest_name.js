const KEY = "guest-name";
const GUEST_NAME_LIMIT = 50;

/** The name a guest chose, kept in a `Storage` that may be missing, full or forbidden. */
export class GuestName {
  #storage;
  #given;
  #chosen = "";

  constructor(given, storage) {
    this.#given = given;
    this.#storage = storage;
    try {
      this.#chosen = storage?.getItem(KEY) ?? "";
    } catch {
      // Without storage a name lasts as long as its page.
    }
  }

  get shown() {
    return this.#chosen || this.#given;
  }

  /** What goes along with each message; undefined leaves the name to the server. */
  get sent() {
    return this.#chosen || undefined;
  }

  choose(name) {
    const trimmed = [...name.normalize("NFC").trim()].slice(0, GUEST_NAME_LIMIT).join("");
    this.#chosen = trimmed === this.#given ? "" : trimmed;
    try {
      if (this.#chosen) this.#storage?.setItem(KEY, this.#chosen);
      else this.#storage?.removeItem(KEY);
    } catch {
      // As above.
    }
  }
}
