import { part } from "./dom.js";

const LEAVE_AFTER_MS = 300;
const EDGE_PX = 8;

/**
 * A small window over a chart, one for the whole page. What was asked for (`isMeant`) stays until it is closed;
 * what only came along with the pointer or the focus goes with them.
 */
export class MomentPopover {
  #root = part("moment-popover");
  #opener = null;
  #isMeant = false;
  #isClosing = false;
  #timer = 0;

  constructor() {
    this.#root.addEventListener("pointerenter", () => clearTimeout(this.#timer));
    this.#root.addEventListener("pointerleave", () => this.leave());
    this.#root.addEventListener("focusout", ({ relatedTarget }) => relatedTarget && !this.#root.contains(relatedTarget) && this.close());
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.#escape());
    document.addEventListener("pointerdown", ({ target }) => {
      if (!this.#root.contains(target) && !this.#opener?.contains(target)) this.close();
    });
  }

  /** Shows `content` in `panel` below the place `{x, y}` of the window, for `opener`; `label` is its name. */
  open({ panel, opener, place, label, content, isMeant, isByKey = false }) {
    clearTimeout(this.#timer);
    if (!isMeant && (this.#isClosing || this.#isKept)) return;
    this.#mark(false);
    this.#opener = opener;
    this.#isMeant = isMeant;
    this.#mark(true);
    this.#root.replaceChildren(...content);
    this.#root.setAttribute("aria-label", label);
    if (this.#root.parentElement !== panel) panel.append(this.#root);
    this.#root.hidden = false;
    this.#place(panel, place);
    if (isMeant) this.#root.scrollIntoView({ block: "nearest" });
    if (isByKey) this.#root.querySelector("a, button")?.focus();
  }

  /** The pointer or the focus went on; perhaps into the popover. */
  leave() {
    clearTimeout(this.#timer);
    if (!this.#isMeant) this.#timer = setTimeout(() => this.#root.contains(document.activeElement) || this.close(), LEAVE_AFTER_MS);
  }

  close() {
    clearTimeout(this.#timer);
    this.#mark(false);
    this.#root.hidden = true;
    this.#isMeant = false;
    this.#opener = null;
  }

  /** It was asked for and is still there: its chart may have gone, and the popover with it. */
  get #isKept() {
    return this.#isMeant && !this.#root.hidden && this.#root.isConnected;
  }

  #escape() {
    if (this.#root.hidden) return;
    const isInside = this.#root.contains(document.activeElement);
    const opener = this.#opener;
    const canvas = this.#root.parentElement.querySelector("canvas");
    this.close();
    if (!isInside) return;
    // The focus goes back, and must not bring along again what was just closed.
    this.#isClosing = true;
    (opener?.hidden === false ? opener : canvas)?.focus();
    this.#isClosing = false;
  }

  #mark(isOpen) {
    if (this.#opener?.matches("button")) this.#opener.setAttribute("aria-expanded", String(isOpen));
  }

  #place(panel, { x, y }) {
    const frame = panel.getBoundingClientRect();
    const most = frame.width - this.#root.offsetWidth - EDGE_PX;
    const left = Math.max(EDGE_PX, Math.min(x - frame.left - this.#root.offsetWidth / 2, most));
    this.#root.style.setProperty("--left", `${Math.round(left)}px`);
    this.#root.style.setProperty("--top", `${Math.round(y - frame.top)}px`);
  }
}
