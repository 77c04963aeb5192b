import { fullTime, minuteTime, timeElement } from "./times.js";
import { gettext, interpolate } from "./text.js";
import { alarmElement } from "./alarm_mark.js";
import { askTwice } from "./ask_twice.js";
import { copyOf, element, part } from "./dom.js";
import { hueOf } from "./models/entries.js";
import { mediaElement } from "./media_view.js";
import { showText } from "./links.js";

function avatarElement({ sender, username, isTelemetry }) {
  if (isTelemetry) return copyOf(part("telemetry-avatar"));
  const avatar = element("span", "avatar", [...username][0]?.toUpperCase() ?? "?");
  avatar.style.setProperty("--hue", String(hueOf(sender)));
  avatar.setAttribute("aria-hidden", "true");
  return avatar;
}

function headElement(entry) {
  const head = element("div", "message-head");
  const name = element("span", "message-name", entry.mine ? gettext("Me") : entry.username);
  name.dir = "auto";
  head.append(name, timeElement(entry.at, minuteTime(entry.at)));
  return head;
}

function textElement({ text, at }) {
  const node = element("p", "message-text");
  node.dir = "auto";
  node.title = fullTime(at);
  showText(node, text);
  return node;
}

function contentElement(entry, before) {
  if (entry.kind === "text") return textElement(entry);
  const { kind, url, previewUrl, media, username } = entry;
  return mediaElement({ ...media, kind, username, url: url ?? previewUrl, isLocal: url === null }, before);
}

function actButton(act, label) {
  const button = element("button", "link-button", label);
  button.type = "button";
  button.dataset.act = act;
  return button;
}

function fateElement({ state, reason }) {
  const fate = element("p", "message-fate");
  if (state === "queued") fate.textContent = gettext("Will be sent");
  else {
    const said = reason ? interpolate(gettext("Not sent: %(reason)s"), { reason }) : gettext("Not sent");
    fate.append(element("span", "", said), actButton("retry", gettext("Retry")), actButton("discard", gettext("Discard")));
  }
  return fate;
}

function uploadElement() {
  const upload = element("div", "message-upload");
  const bar = element("progress", "message-progress");
  bar.setAttribute("aria-label", gettext("Upload"));
  upload.append(bar, actButton("discard", gettext("Cancel")));
  return upload;
}

/** A part, or that it goes on: before its turn, and while the server looks at what it got. */
function showFraction(bar, fraction) {
  if (fraction > 0 && fraction < 1) bar.value = fraction;
  else bar.removeAttribute("value");
}

/** One message in the log: what changes of it is replaced, the rest, such as a playing video, stays. */
export class MessageRow {
  node = element("li", "message");
  #body = element("div", "message-body");
  #line = element("div", "message-line");
  #momentElement;
  #upload = null;
  #entry = null;
  #isContinued = null;

  /** Hooks: onDelete(number) where this person may delete messages, else null; momentElement(about). */
  constructor(entry, { onDelete = null, momentElement }) {
    this.#momentElement = momentElement;
    this.node.dataset.kind = entry.kind;
    this.node.toggleAttribute("data-mine", entry.mine);
    this.#body.append(this.#line);
    this.node.append(avatarElement(entry), this.#body);
    if (onDelete) this.#line.append(this.#deleteButton(onDelete));
  }

  show(entry, isContinued) {
    if (entry === this.#entry && isContinued === this.#isContinued) return;
    const before = this.#entry;
    this.#entry = entry;
    this.#isContinued = isContinued;
    this.node.toggleAttribute("data-continued", isContinued);
    this.node.dataset.state = entry.state;
    if (entry.clientId) this.node.dataset.clientId = entry.clientId;
    if (entry.id) this.node.dataset.id = entry.id;
    if (before?.at !== entry.at || before.username !== entry.username) this.#replace(".message-head", headElement(entry));
    if (before?.text !== entry.text || before.url !== entry.url) this.#showContent(entry);
    if (before?.state !== entry.state || before.reason !== entry.reason) this.#showFate(entry);
    if (!before) this.#showMoment(entry);
    this.#showUpload(entry);
  }

  #showContent(entry) {
    const before = this.#line.querySelector(".message-content");
    const content = contentElement(entry, before);
    content.classList.add("message-content");
    before?.remove();
    this.#line.prepend(content);
  }

  #showMoment({ about, alarm }) {
    if (alarm) this.#line.before(alarmElement(alarm));
    if (about) this.#line.after(this.#momentElement(about));
  }

  #showFate(entry) {
    this.#body.querySelector(".message-fate")?.remove();
    if (entry.state === "queued" || entry.state === "failed") this.#body.append(fateElement(entry));
  }

  #showUpload({ kind, state, progress }) {
    if (state !== "pending" || kind === "text") {
      this.#upload?.remove();
      this.#upload = null;
      return;
    }
    this.#upload ??= uploadElement();
    showFraction(this.#upload.querySelector("progress"), progress);
    if (!this.#upload.isConnected) this.#line.after(this.#upload);
  }

  #deleteButton(onDelete) {
    const button = copyOf(part("delete-template"));
    askTwice(button, gettext("Delete?"), () => onDelete(this.#entry.id));
    return button;
  }

  #replace(selector, made) {
    this.#body.querySelector(selector)?.remove();
    this.#body.prepend(made);
  }
}
