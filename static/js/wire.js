import { gettext, interpolate, ngettext } from "./text.js";
import { WireLog } from "./models/wire_log.js";
import { bindCopyButton } from "./clipboard.js";
import { clockTime, timeElement } from "./times.js";
import { element, part } from "./dom.js";
import { jsonTokens } from "./models/json_tokens.js";

const SHOWN_CHARACTERS = 1_500;
const COUNT_EVERY_MS = 250;

function frameElement(text) {
  const frame = element("code", "wire-frame");
  for (const [kind, token] of jsonTokens(text.slice(0, SHOWN_CHARACTERS))) {
    if (kind === "mark") frame.append(token, token.includes(",") ? document.createElement("wbr") : "");
    else frame.append(element("span", `json-${kind}`, token));
  }
  if (text.length > SHOWN_CHARACTERS) {
    const more = interpolate(gettext("… %(count)s characters"), { count: text.length });
    frame.append(element("span", "wire-more", more));
  }
  return frame;
}

function rowElement({ way, text, tag, at }) {
  const row = element("li", "wire-row");
  row.dataset.way = way;
  const arrow = element("span", "wire-way", way === "in" ? "↓" : "↑");
  arrow.title = way === "in" ? gettext("From the server") : gettext("To the server");
  row.append(timeElement(at, clockTime(at)), arrow);
  if (tag) row.append(element("span", "wire-tag", tag));
  row.append(frameElement(text));
  return row;
}

/** The wire: the raw frames of the page's sockets. Rows are only built while the panel is open. */
export class WirePanel {
  #log = new WireLog();
  #root = part("wire");
  #rows = part("wire-rows", this.#root);
  #count = part("wire-count", this.#root);
  #empty = part("wire-empty", this.#root);
  #timer = 0;

  constructor() {
    this.#root.addEventListener("toggle", () => this.#renderAll());
    bindCopyButton(part("wire-copy", this.#root), () => this.#log.toText());
    part("wire-clear", this.#root).addEventListener("click", () => {
      this.#log.clear();
      this.#renderAll();
    });
    this.#renderAll();
  }

  add(way, text, tag = "") {
    const entry = this.#log.add(way, text, tag, Date.now());
    if (this.#root.open) {
      this.#rows.prepend(rowElement(entry));
      while (this.#rows.childElementCount > this.#log.entries.length) this.#rows.lastElementChild.remove();
    }
    if (this.#log.total === 1) this.#renderCount();
    else this.#countSoon();
  }

  #renderAll() {
    this.#rows.replaceChildren(...(this.#root.open ? this.#log.entries.map(rowElement) : []));
    this.#renderCount();
  }

  /** At most a few times a second: a dashboard gets forty frames in one. */
  #countSoon() {
    this.#timer ||= setTimeout(() => this.#renderCount(), COUNT_EVERY_MS);
  }

  #renderCount() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const { total } = this.#log;
    this.#empty.hidden = total > 0;
    this.#count.textContent = interpolate(ngettext("%(count)s frame", "%(count)s frames", total), { count: total });
  }
}
