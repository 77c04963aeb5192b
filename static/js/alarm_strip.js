import { gettext, interpolate, moreText } from "./text.js";
import { attempt, showProblem } from "./attempt.js";
import { momentTime } from "./moment_words.js";
import { durationText } from "./times.js";
import { GuestName } from "./models/guest_name.js";
import { sameView } from "./models/view_state.js";
import { withUnit } from "./models/numbers.js";
import { copyOf, part, placeAt, setText } from "./dom.js";
import { storage } from "./storage.js";

const SHOWN = 20;
const TOLD_EVERY_MS = 1_000;

/** `name` is empty where only members know it. */
function acknowledgedText(name) {
  return name ? interpolate(gettext("acknowledged by %(name)s"), { name }) : gettext("acknowledged");
}

/** The open alarms above the charts, newest first; those of one device on its own page. */
export class AlarmStrip {
  #root = part("alarms");
  #list = part("alarm-list");
  #rows = new Map();
  #alarms;
  #devices;
  #clock;
  #api;
  #onAcknowledged;
  #timer = 0;
  #refused = null;
  // Who looks by a view token can only look.
  #isOnlyLooking = new URLSearchParams(location.search).has("view");

  /** `alarms` are the OpenAlarms; `onAcknowledged(alarm)` gets the alarm as it is then. */
  constructor({ alarms, devices, clock, api, onAcknowledged }) {
    this.#alarms = alarms;
    this.#devices = devices;
    this.#clock = clock;
    this.#api = api;
    this.#onAcknowledged = onAcknowledged;
  }

  show() {
    const all = this.#alarms.list(this.#devices.only);
    const shown = all.slice(0, SHOWN);
    const ids = new Set(shown.map(({ id }) => id));
    for (const [id, row] of this.#rows) if (!ids.has(id)) this.#drop(id, row);
    shown.forEach((alarm, index) => placeAt(this.#list, this.#rowOf(alarm), index));
    this.#root.toggleAttribute("data-quiet", all.length === 0);
    const more = all.length - shown.length;
    part("alarms-more").hidden = more === 0;
    setText(part("alarms-more"), moreText(more));
    this.#tell(shown);
  }

  /** For those who do not see the strip: an alarm was raised. */
  say({ device, rule }) {
    setText(part("alarm-said"), interpolate(gettext("Alarm: %(name)s, %(rule)s"), { name: this.#devices.nameOf(device), rule }));
  }

  stop() {
    clearTimeout(this.#timer);
  }

  /** How long they last, and where they lead, as long as there are any. */
  #tell(shown) {
    clearTimeout(this.#timer);
    const nowMs = this.#clock.nowMs();
    for (const { id, device, raised } of shown) {
      this.#link(device, this.#rows.get(id));
      const values = { time: momentTime(raised, nowMs), duration: durationText(nowMs - raised) };
      setText(part("alarm-since", this.#rows.get(id)), interpolate(gettext("since %(time)s · %(duration)s"), values));
    }
    if (shown.length > 0) this.#timer = setTimeout(() => this.#tell(shown), TOLD_EVERY_MS);
  }

  #rowOf(alarm) {
    const row = this.#rows.get(alarm.id) ?? this.#newRow(alarm);
    const { acknowledged, value, unit } = alarm;
    setText(part("alarm-rule", row), alarm.rule);
    setText(part("alarm-device", row), this.#devices.nameOf(alarm.device));
    part("alarm-value", row).hidden = value === null;
    if (value !== null) setText(part("alarm-value", row), withUnit(value, unit));
    part("acknowledge", row).hidden = acknowledged !== null || this.#isOnlyLooking;
    part("acknowledged", row).hidden = acknowledged === null;
    if (acknowledged) setText(part("acknowledged", row), acknowledgedText(acknowledged.by));
    row.toggleAttribute("data-acknowledged", acknowledged !== null);
    return row;
  }

  #newRow({ id, device, rule }) {
    const row = copyOf(part("alarm-template"));
    const button = part("acknowledge", row);
    part("alarm-room", row).hidden = device === this.#devices.only && !document.getElementById("room");
    button.setAttribute("aria-label", interpolate(gettext("Acknowledge: %(rule)s"), { rule }));
    button.addEventListener("click", () => this.#acknowledge(id, button));
    this.#rows.set(id, row);
    return row;
  }

  /** To what is looked at here, which may be another view by now. */
  #link(device, row) {
    const path = this.#list.dataset.deviceUrl.replace("__device__", encodeURIComponent(device));
    part("alarm-device", row).href = sameView(path, location.search);
    part("alarm-room", row).href = device === this.#devices.only ? "#room" : sameView(path, location.search, "room");
  }

  async #acknowledge(id, button) {
    const token = this.#root.querySelector("[name=csrfmiddlewaretoken]").value;
    const hadFocus = button === document.activeElement;
    this.#refused = id;
    const isDone = await attempt(part("alarm-problem"), [button], async () => {
      const { alarm } = await this.#api.acknowledge(id, new GuestName("", storage("localStorage")).shown, token);
      this.#onAcknowledged(alarm);
    });
    const row = this.#rows.get(id);
    if (!row) this.#forgetProblem(id);
    // The button is gone, its alarm is not.
    else if (isDone && hadFocus) part("alarm-device", row).focus({ preventScroll: true });
  }

  /** What was refused goes with its alarm: it ended meanwhile. */
  #forgetProblem(id) {
    if (this.#refused === id) showProblem(part("alarm-problem"), "");
  }

  #drop(id, row) {
    row.remove();
    this.#rows.delete(id);
    this.#forgetProblem(id);
  }
}
