import { gettext, interpolate, ngettext } from "./text.js";
import { continuesGroup, hueOf } from "./models/room_log.js";
import { element, part } from "./dom.js";
import { messageTime, timeElement } from "./times.js";

const AT_BOTTOM_PX = 48;

function avatarElement({ sender, username }) {
  const avatar = element("span", "avatar", [...username][0]?.toUpperCase() ?? "?");
  avatar.style.setProperty("--hue", String(hueOf(sender)));
  avatar.setAttribute("aria-hidden", "true");
  return avatar;
}

function headElement(entry) {
  const head = element("div", "message-head");
  const name = element("span", "message-name", entry.mine ? gettext("Me") : entry.username);
  name.dir = "auto";
  head.append(name, timeElement(entry.at, messageTime(entry.at)));
  return head;
}

function fateElement() {
  const fate = element("p", "message-fate");
  const retry = element("button", "link-button", gettext("Retry"));
  retry.type = "button";
  retry.dataset.act = "retry";
  fate.append(gettext("Not sent"), " · ", retry);
  return fate;
}

/** Shows a room's entries in `#chat-log`; stays at the bottom only for whoever is there. */
export class ChatView {
  #log;
  #list = part("messages");
  #empty = part("messages-empty");
  #newer = part("newer");
  #unseen = 0;
  #rows = new Map();

  constructor(log, onRetry) {
    this.#log = log;
    this.#newer.addEventListener("click", () => this.scrollToEnd());
    log.addEventListener("scroll", () => this.#isAtEnd() && this.#seen(), { passive: true });
    log.addEventListener("click", ({ target }) => {
      if (target.dataset?.act === "retry") onRetry(target.closest("[data-client-id]").dataset.clientId);
    });
    new ResizeObserver(() => this.#unseen === 0 && this.scrollToEnd()).observe(log);
  }

  /** Adds a new entry below `previous`, dropping rows that `entries` no longer holds. */
  add(entry, previous, entries) {
    const sticks = entry.mine || this.#isAtEnd();
    this.#empty.hidden = true;
    this.#list.append(this.#rowOf(entry, previous));
    for (const known of this.#rows.keys()) {
      if (this.#rows.size <= entries.length) break;
      this.#rows.get(known).remove();
      this.#rows.delete(known);
    }
    if (sticks) this.scrollToEnd();
    else this.#showUnseen(this.#unseen + 1);
  }

  /** Shows an entry's state and text as they are now. */
  update(entry) {
    const row = this.#rows.get(entry);
    if (!row) return;
    const sticks = this.#isAtEnd();
    row.dataset.state = entry.state;
    row.querySelector(".message-text").textContent = entry.text;
    row.querySelector(".message-fate")?.remove();
    if (entry.state === "failed") row.querySelector(".message-body").append(fateElement());
    if (sticks) this.scrollToEnd();
  }

  /** A quiet line of the page itself. */
  note(text) {
    const sticks = this.#isAtEnd();
    if (this.#list.lastElementChild?.textContent === text) return;
    this.#list.append(element("li", "message-note", text));
    if (sticks) this.scrollToEnd();
  }

  scrollToEnd() {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#seen();
  }

  #rowOf(entry, previous) {
    const row = element("li", "message");
    row.toggleAttribute("data-mine", entry.mine);
    row.toggleAttribute("data-continued", continuesGroup(previous, entry));
    if (entry.clientId) row.dataset.clientId = entry.clientId;
    const body = element("div", "message-body");
    const text = element("p", "message-text");
    text.dir = "auto";
    body.append(headElement(entry), text);
    row.append(avatarElement(entry), body);
    this.#rows.set(entry, row);
    this.update(entry);
    return row;
  }

  #isAtEnd() {
    return this.#log.scrollHeight - this.#log.scrollTop - this.#log.clientHeight < AT_BOTTOM_PX;
  }

  #seen() {
    this.#showUnseen(0);
  }

  #showUnseen(count) {
    this.#unseen = count;
    this.#newer.hidden = count === 0;
    const text = ngettext("%(count)s new message", "%(count)s new messages", count);
    this.#newer.textContent = interpolate(text, { count });
  }
}
