import { gettext, moreText } from "./text.js";
import { MomentPopover } from "./moment_popover.js";
import { momentText, momentTime } from "./moment_words.js";
import { isRoomOf } from "./models/rooms.js";
import { saidText } from "./models/entries.js";
import { sameView, withQuery } from "./models/view_state.js";
import { element, isPlainClick } from "./dom.js";

const BELOW_PX = 4;

function tellPage(name, detail) {
  document.dispatchEvent(new CustomEvent(name, { detail }));
}

/**
 * The way from the charts of a page to the rooms: talking about a point, and reading what was said at one.
 * Beside a room (a device's page) both are told to the page, as the events "moment" and "show-message"; else they are links.
 */
export class ChartTalk {
  moments;
  /** Nobody here may talk: a device's page without its room. */
  isClosed;
  #devices;
  #clock;
  #urls;
  #popover = new MomentPopover();

  /** `urls`: {deviceUrl, roomUrl}, with `__device__` and `__room__` where the names go. */
  constructor({ moments, devices, clock, urls, isClosed }) {
    this.moments = moments;
    this.isClosed = isClosed;
    this.#devices = devices;
    this.#clock = clock;
    this.#urls = urls;
  }

  nowMs() {
    return this.#clock.nowMs();
  }

  textOf({ device, ...moment }) {
    return momentText({ ...moment, name: this.#devices.nameOf(device) });
  }

  /** Somebody chose `moment` `{device, metric, at, value, unit}`. */
  pick(moment, where) {
    if (this.#devices.only) {
      tellPage("moment", moment);
      return;
    }
    const { device, metric, at } = moment;
    const link = element("a", "button button-strong moment-talk", gettext("Talk about it"));
    link.href = sameView(this.#devicePath(device), location.search, `about=${encodeURIComponent(metric)}~${at}`);
    const text = this.textOf(moment);
    this.#popover.open({ ...where, label: text, content: [element("p", "moment-title", text), link], isMeant: true });
  }

  /** Shows what a group of pins says, under its `button`. */
  openPins(group, button, { panel, onRange, ...how }) {
    const { left, width, bottom } = button.getBoundingClientRect();
    const place = { x: left + width / 2, y: bottom + BELOW_PX };
    const list = element("ul", "said-list");
    list.append(...group.latest.map((pin) => this.#saidItem(pin)));
    const content = [list];
    if (group.count > group.latest.length) content.push(this.#more(group, onRange));
    this.#popover.open({ panel, opener: button, place, label: gettext("What was said here"), content, ...how });
  }

  leavePins() {
    this.#popover.leave();
  }

  #saidItem(pin) {
    const { message, device, metric, at } = pin;
    const item = element("li", "said");
    const link = element("a", "said-link");
    const name = element("span", "said-name", message.username);
    const text = element("span", "said-text", saidText(message.type, message.text));
    const where = this.#devices.only ? metric : `${this.#devices.nameOf(device)} · ${metric}`;
    for (const node of [name, text]) node.dir = "auto";
    link.href = this.#messageUrl(pin);
    link.append(name, " ", text);
    link.addEventListener("click", (event) => this.#follow(event, pin));
    item.append(link, element("span", "said-where", `${where} · ${momentTime(at)}`));
    return item;
  }

  #more({ at, until, count, latest }, onRange) {
    const line = element("p", "said-more");
    const text = element("span", "", moreText(count - latest.length));
    const zoom = element("button", "link-button", gettext("Zoom in"));
    zoom.type = "button";
    zoom.addEventListener("click", () => {
      const marginMs = Math.max((until - at) / 10, 500);
      this.#popover.close();
      onRange({ from: at - marginMs, to: until + marginMs });
    });
    line.append(text, " · ", zoom);
    return line;
  }

  /** A message of the room beside is shown there. */
  #follow(event, { device, room, message }) {
    const isElsewhere = device !== this.#devices.only || !isRoomOf(room, device);
    if (isElsewhere || !isPlainClick(event)) return;
    event.preventDefault();
    this.#popover.close();
    tellPage("show-message", { id: message.id });
  }

  /** People may talk about a device in any room; only its own is on its page. */
  #messageUrl({ device, room, message }) {
    const hash = `message-${message.id}`;
    if (isRoomOf(room, device)) return sameView(this.#devicePath(device), location.search, hash);
    return `${withQuery(this.#urls.roomUrl.replace("__room__", encodeURIComponent(room)), [], location.search)}#${hash}`;
  }

  #devicePath(device) {
    return this.#urls.deviceUrl.replace("__device__", encodeURIComponent(device));
  }
}
