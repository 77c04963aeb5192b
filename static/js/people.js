import { gettext, interpolate, moreText, ngettext } from "./text.js";
import { TypingList } from "./models/typing.js";
import { element, part, setText } from "./dom.js";

const FORGET_EVERY_MS = 1_000;

function personElement(name) {
  const item = element("li", "person");
  const label = element("span", "", name);
  label.dir = "auto";
  item.append(element("span", "person-dot"), label);
  return item;
}

function typingSentence(names) {
  if (names.length === 0) return "";
  if (names.length === 1) return interpolate(gettext("%(name)s is typing…"), { name: names[0] });
  if (names.length > 2) return gettext("Several people are typing…");
  return interpolate(gettext("%(one)s and %(other)s are typing…"), { one: names[0], other: names[1] });
}

/** Who is in the room, and who is writing just now. */
export class People {
  #typing = new TypingList();
  #line = part("typing");
  #timer = 0;

  present({ count, users }) {
    const text = interpolate(ngettext("%(count)s here", "%(count)s here", count), { count });
    part("count").textContent = text;
    part("people").replaceChildren(...users.map(personElement));
    const more = count - users.length;
    part("people-more").hidden = more <= 0;
    part("people-more").textContent = moreText(more);
  }

  types(username) {
    this.#typing.heard(username, performance.now());
    this.#show();
  }

  wrote(username) {
    this.#typing.finished(username);
    this.#show();
  }

  forgetTyping() {
    this.#typing.clear();
    this.#show();
  }

  #show() {
    const names = this.#typing.names(performance.now());
    setText(this.#line, typingSentence(names));
    clearTimeout(this.#timer);
    if (names.length > 0) this.#timer = setTimeout(() => this.#show(), FORGET_EVERY_MS);
  }
}
