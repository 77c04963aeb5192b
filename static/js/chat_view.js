import { gettext, interpolate, ngettext } from "./text.js";
import { LogScroll } from "./log_scroll.js";
import { MessageList } from "./message_list.js";
import { part, setText } from "./dom.js";

const SPOKEN_AT_ONCE = 5;
const QUIET_MS = 1_000;
const REVEALED_MS = 2_500;

/**
 * Shows a RoomLog in `#chat-log`. Whoever is at the end stays there, for everybody else nothing moves.
 * Hooks: onRetry(clientId), onDiscard(clientId), onDelete(number) or null, onOlder(), onNewer(), onLatest(), onShown(),
 * momentElement(about).
 */
export class ChatView {
  #log;
  #hooks;
  #node = document.getElementById("chat-log");
  #listNode = part("messages");
  #list;
  #scroll = new LogScroll(this.#node);
  #empty = part("messages-empty");
  #older = part("older");
  #newer = part("newer");
  #frame = 0;
  #quietTimer = 0;
  #low;

  constructor(log, hooks) {
    this.#log = log;
    this.#hooks = hooks;
    this.#low = log.low;
    this.#list = new MessageList(this.#listNode, hooks);
    this.#older.addEventListener("click", () => hooks.onOlder());
    this.#newer.addEventListener("click", () => this.#goToLatest());
    this.#node.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    this.#listNode.addEventListener("click", ({ target }) => this.#clicked(target));
    this.#render();
    this.#listNode.setAttribute("data-live", "");
  }

  /** Shows what the log holds by the next frame; a hidden page waits until it is seen. */
  invalidate() {
    this.#frame ||= requestAnimationFrame(() => this.show());
  }

  /** Shows it now. */
  show() {
    cancelAnimationFrame(this.#frame);
    this.#frame = 0;
    this.#render();
    this.#hooks.onShown();
  }

  toEnd() {
    this.#log.isAtEnd = true;
    this.invalidate();
  }

  /** Brings message `number` to the middle and marks it for a moment. False when it is not in the log. */
  reveal(number) {
    if (!this.#log.entries.some(({ id }) => id === number)) return false;
    this.#log.isAtEnd = false;
    this.show();
    const row = this.#listNode.querySelector(`[data-id="${number}"]`);
    this.#scroll.toMiddle(row);
    row.tabIndex = -1;
    row.focus({ preventScroll: true });
    row.toggleAttribute("data-revealed", true);
    setTimeout(() => row.removeAttribute("data-revealed"), REVEALED_MS);
    return true;
  }

  #render() {
    const hadFocus = this.#listNode.contains(document.activeElement);
    const isHistory = this.#log.low < this.#low;
    this.#low = this.#log.low;
    this.#speak(!isHistory);
    if (this.#log.isAtEnd) {
      this.#showEntries();
      this.#scroll.toEnd();
    } else this.#scroll.keepPlace(this.#listNode, () => this.#showEntries());
    if (hadFocus && !this.#listNode.contains(document.activeElement)) this.#node.focus({ preventScroll: true });
    this.#scrolled();
  }

  #showEntries() {
    const count = this.#list.show(this.#log.entries);
    if (count > SPOKEN_AT_ONCE) this.#speak(false);
    this.#empty.hidden = this.#log.entries.length > 0;
    this.#showOlder();
  }

  /** History and floods are not read aloud; what comes while the reader listens is. */
  #speak(isSpoken) {
    if (isSpoken && this.#quietTimer) return;
    clearTimeout(this.#quietTimer);
    this.#quietTimer = isSpoken ? 0 : setTimeout(() => this.#speakAgain(), QUIET_MS);
    this.#node.setAttribute("aria-live", isSpoken ? "polite" : "off");
  }

  #speakAgain() {
    this.#quietTimer = 0;
    this.#node.setAttribute("aria-live", "polite");
  }

  #showOlder() {
    const hadFocus = document.activeElement === this.#older;
    this.#older.hidden = !this.#log.hasOlder;
    if (hadFocus && this.#older.hidden) this.#node.focus({ preventScroll: true });
  }

  #scrolled() {
    // Behind another tab of the page nothing has a place.
    if (this.#node.clientHeight === 0) return;
    this.#log.isAtEnd = this.#scroll.isAtEnd && !this.#log.isDetached;
    if (this.#scroll.isNearTop) this.#hooks.onOlder();
    if (this.#scroll.isNearEnd && this.#log.isDetached) this.#hooks.onNewer();
    this.#showNewer();
  }

  #showNewer() {
    const count = this.#log.unseen;
    this.#newer.hidden = count === 0 && !this.#log.isDetached && !this.#scroll.isFarUp;
    const news = interpolate(ngettext("%(count)s new message", "%(count)s new messages", count), { count });
    this.#newer.toggleAttribute("data-news", count > 0);
    setText(this.#newer, count > 0 ? news : gettext("Back to latest"));
  }

  #goToLatest() {
    if (this.#log.isDetached) this.#hooks.onLatest();
    else this.toEnd();
    this.#node.focus({ preventScroll: true });
  }

  #clicked(target) {
    const act = target.closest?.("[data-act]")?.dataset.act;
    const { clientId } = target.closest?.(".message")?.dataset ?? {};
    if (act === "retry") this.#hooks.onRetry(clientId);
    if (act === "discard") this.#hooks.onDiscard(clientId);
  }
}
