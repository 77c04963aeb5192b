const AT_END_PX = 48;
const NEAR_PX = 600;

/**
 * Where a reader is in a log that begins at its end: its `flex-direction` is `column-reverse`, so the browser counts from
 * the end, and what grows above moves nothing.
 */
export class LogScroll {
  #log;

  constructor(log) {
    this.#log = log;
  }

  get fromEndPx() {
    return Math.abs(this.#log.scrollTop);
  }

  get isAtEnd() {
    return this.fromEndPx < AT_END_PX;
  }

  get isNearEnd() {
    return this.fromEndPx < NEAR_PX;
  }

  get isNearTop() {
    return this.#log.scrollHeight - this.#log.clientHeight - this.fromEndPx < NEAR_PX;
  }

  /** More than a window away from the end. */
  get isFarUp() {
    return this.fromEndPx > this.#log.clientHeight;
  }

  toEnd() {
    this.#log.scrollTop = 0;
  }

  /** Brings `node` to the middle of what is seen. */
  toMiddle(node) {
    const [seen, wanted] = [this.#log.getBoundingClientRect(), node.getBoundingClientRect()];
    this.#log.scrollTop += (wanted.top + wanted.bottom - seen.top - seen.bottom) / 2;
  }

  /** Runs `change`, which alters the children of `list`, without the messages that the reader sees moving. */
  keepPlace(list, change) {
    const seen = this.#visible(list);
    change();
    // The last, since the first may be joined to one that came above it.
    const kept = seen.findLast(({ node }) => node.isConnected);
    if (!kept) return;
    const movedPx = kept.node.getBoundingClientRect().top - kept.top;
    if (Math.abs(movedPx) >= 1) this.#log.scrollTop += movedPx;
  }

  /** The messages in sight, with their place. A day's heading moves up when older ones come. */
  #visible(list) {
    const { top, bottom } = this.#log.getBoundingClientRect();
    const children = list.children;
    let [from, to] = [0, children.length];
    while (from < to) {
      const middle = (from + to) >> 1;
      if (children[middle].getBoundingClientRect().bottom <= top) from = middle + 1;
      else to = middle;
    }
    const visible = [];
    for (let node = children[from]; node; node = node.nextElementSibling) {
      const rect = node.getBoundingClientRect();
      if (rect.top >= bottom) break;
      if (node.matches(".message")) visible.push({ node, top: rect.top });
    }
    return visible;
  }
}
