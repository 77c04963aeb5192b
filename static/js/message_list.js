import { MessageRow } from "./message_row.js";
import { continuesGroup } from "./models/entries.js";
import { dayOf } from "./models/days.js";
import { dayTitle, fullDay, timeElement } from "./times.js";
import { element, setText } from "./dom.js";

/** The rows of a list of entries, with a heading where another day begins. Rows stay as long as their entries. */
export class MessageList {
  #list;
  #hooks;
  #rows = new Map();
  #days = new Map();

  /** `hooks`: as a MessageRow takes them. */
  constructor(list, hooks) {
    this.#list = list;
    this.#hooks = hooks;
  }

  /** Returns how many rows are new. */
  show(entries) {
    const rows = new Map();
    const days = new Map();
    const wanted = [];
    let previous;
    let day = -Infinity;
    let count = 0;
    for (const entry of entries) {
      // A clock that was put back begins no day again.
      if (dayOf(entry.at) > day) {
        day = dayOf(entry.at);
        previous = undefined;
        days.set(day, this.#dayNode(day, entry.at));
        wanted.push(days.get(day));
      }
      const known = this.#rows.get(entry.key);
      const row = known ?? new MessageRow(entry, this.#hooks);
      row.show(entry, continuesGroup(previous, entry));
      rows.set(entry.key, row);
      wanted.push(row.node);
      count += known ? 0 : 1;
      previous = entry;
    }
    this.#rows = rows;
    this.#days = days;
    this.#place(wanted);
    return count;
  }

  #dayNode(day, at) {
    const node = this.#days.get(day) ?? this.#newDay(at);
    setText(node.querySelector("time"), dayTitle(at));
    return node;
  }

  #newDay(at) {
    const node = element("li", "day");
    const title = element("h2", "day-title");
    title.append(timeElement(at, dayTitle(at), fullDay(at)));
    node.append(title);
    return node;
  }

  /** Takes out first and moves nothing that is in order, for a node that moves loses focus and stops playing. */
  #place(wanted) {
    const isWanted = new Set(wanted);
    for (const node of [...this.#list.children]) if (!isWanted.has(node)) node.remove();
    let cursor = this.#list.firstElementChild;
    for (const node of wanted) {
      if (node === cursor) cursor = cursor.nextElementSibling;
      else this.#list.insertBefore(node, cursor);
    }
  }
}
