const WIRE_LIMIT = 50;

/** The latest raw frames, newest first. `way` is "in" or "out"; `tag` names the socket where a page has several. */
export class WireLog {
  entries = [];
  total = 0;
  #limit;

  constructor(limit = WIRE_LIMIT) {
    this.#limit = limit;
  }

  add(way, text, tag, at) {
    const entry = { way, text, tag, at };
    this.entries.unshift(entry);
    this.entries.length = Math.min(this.entries.length, this.#limit);
    this.total += 1;
    return entry;
  }

  clear() {
    this.entries = [];
    this.total = 0;
  }

  /** One frame a line: ISO time, arrow, tag, frame. */
  toText() {
    const line = ({ way, text, tag, at }) =>
      [new Date(at).toISOString(), way === "in" ? "↓" : "↑", tag, text].filter(Boolean).join(" ");
    return this.entries.map(line).join("\n");
  }
}
