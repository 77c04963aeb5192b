import { gettext, interpolate, ngettext } from "./text.js";
import { clockTime } from "./times.js";
import { element, placeAt, setText } from "./dom.js";

const COUNTED_MOST = 99;
/** The server's own voice; nobody else may have the name. */
const VOICE = "telemetry";

function nameOf({ count, latest, at }) {
  const { username } = latest[0].message;
  const values = { count, username, time: clockTime(at) };
  return count === 1
    ? interpolate(gettext("%(username)s, %(time)s"), values)
    : interpolate(ngettext("%(count)s message, the last by %(username)s, %(time)s", "%(count)s messages, the last by %(username)s, %(time)s", count), values);
}

/**
 * The pins of one chart: buttons over its canvas, one a group (models/pin_groups.js). A button stays with its group
 * while that is in the picture, and serves another one afterwards. `onOpen(group, button, how)`, `onLeave()`,
 * `onGone()` when the one that has the focus has left the picture.
 */
export class PinLayer {
  #root;
  #hooks;
  #buttons = new Map();
  #spare = [];
  #groups = new WeakMap();

  constructor(root, hooks) {
    this.#root = root;
    this.#hooks = hooks;
  }

  /** `xOf(at)` gives a place in px. */
  show(groups, xOf) {
    const shown = new Set(groups.map(({ key }) => key));
    for (const [key, button] of this.#buttons) if (!shown.has(key)) this.#putAway(key, button);
    groups.forEach((group, index) => {
      const button = this.#buttonOf(group.key);
      // The order of the page, in which the Tab key walks, is that of time.
      placeAt(this.#root, button, index);
      if (this.#groups.get(button) !== group) this.#write(button, group);
      const x = `${Math.round(2 * xOf(group.at)) / 2}px`;
      if (button.dataset.x === x) return;
      button.dataset.x = x;
      button.style.setProperty("--x", x);
    });
  }

  #buttonOf(key) {
    const there = this.#buttons.get(key);
    if (there) return there;
    const button = this.#spare.pop() ?? this.#newButton();
    this.#buttons.set(key, button);
    button.hidden = false;
    return button;
  }

  #write(button, group) {
    this.#groups.set(button, group);
    setText(button.firstElementChild, group.count > 1 ? String(group.count > COUNTED_MOST ? `${COUNTED_MOST}+` : group.count) : "");
    button.toggleAttribute("data-many", group.count > COUNTED_MOST);
    button.setAttribute("aria-label", nameOf(group));
    button.toggleAttribute("data-alarm", group.latest.some(({ message }) => message.username === VOICE));
  }

  #putAway(key, button) {
    this.#buttons.delete(key);
    this.#groups.delete(button);
    if (button === document.activeElement) this.#hooks.onGone();
    button.hidden = true;
    this.#spare.push(button);
  }

  #newButton() {
    const button = element("button", "pin");
    button.type = "button";
    button.append(element("span", "pin-flag"));
    const open = (how) => this.#groups.has(button) && this.#hooks.onOpen(this.#groups.get(button), button, how);
    button.addEventListener("click", ({ detail }) => open({ isMeant: true, isByKey: detail === 0 }));
    button.addEventListener("pointerenter", ({ pointerType }) => pointerType === "mouse" && open({ isMeant: false }));
    button.addEventListener("pointerleave", () => this.#hooks.onLeave());
    button.addEventListener("focus", () => button.matches(":focus-visible") && open({ isMeant: false }));
    button.addEventListener("blur", () => this.#hooks.onLeave());
    this.#root.append(button);
    return button;
  }
}
