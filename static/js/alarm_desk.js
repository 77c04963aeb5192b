import { AlarmSound } from "./alarm_sound.js";
import { AlarmStrip } from "./alarm_strip.js";

/** What a page does about open alarms: it lists them, says new ones, and sounds where that was asked for. */
export class AlarmDesk {
  #alarms;
  #only;
  #strip;
  #sound = new AlarmSound();

  /** `alarms` are the OpenAlarms; `onAcknowledged(alarm)` when somebody here has acknowledged one. */
  constructor({ alarms, devices, clock, api, onAcknowledged }) {
    this.#alarms = alarms;
    this.#only = devices.only;
    this.#strip = new AlarmStrip({ alarms, devices, clock, api, onAcknowledged });
    this.show([]);
  }

  /** Takes an alarm's present state from a frame. */
  receive(alarm) {
    this.show(this.#alarms.receive(alarm) ? [alarm] : []);
  }

  /** Shows all; `raised` are those that are new. */
  show(raised) {
    const isOurs = ({ device }) => !this.#only || device === this.#only;
    const news = raised.filter(isOurs);
    this.#strip.show();
    if (news.length > 0) this.#strip.say(news[0]);
    const isDue = this.#alarms.list(this.#only).some(({ acknowledged }) => acknowledged === null);
    this.#sound.update({ isDue, isNew: news.some(({ acknowledged }) => acknowledged === null) });
  }

  stop() {
    this.#strip.stop();
    this.#sound.stop();
  }
}
