import { gettext } from "./text.js";
import { maySound } from "./may_sound.js";
import { part, setText } from "./dom.js";

const AGAIN_MS = 10_000;
const TONE_HZ = 880;
const TONE_SECONDS = 0.35;
const TONE_GAIN = 0.2;
const TOUCHES = ["pointerdown", "pointerup", "keydown"]; // of a finger only the end counts for browsers

/** A tone for alarms, only where it was asked for: by `sound=1` in the address, or with the button that puts it there. */
export class AlarmSound {
  #button = part("alarm-sound");
  #context = null;
  #timer = 0;
  #isOn = new URLSearchParams(location.search).get("sound") === "1";
  #isDue = false;
  #isOwed = false;

  constructor() {
    this.#button.addEventListener("click", () => this.#toggle());
    // Browsers are silent until somebody has touched the page.
    for (const touch of TOUCHES) document.addEventListener(touch, () => this.#touched());
    this.#show();
  }

  /** `isDue` while an alarm is not acknowledged; `isNew` when one has just been raised. */
  update({ isDue, isNew }) {
    this.#isDue = isDue;
    if (!isDue || !this.#isOn) this.stop();
    else if (isNew || this.#timer === 0) this.#start();
  }

  stop() {
    clearInterval(this.#timer);
    this.#timer = 0;
  }

  #start() {
    this.stop();
    this.#play();
    this.#timer = setInterval(() => this.#play(), AGAIN_MS);
  }

  #toggle() {
    this.#isOn = !this.#isOn;
    const url = new URL(location.href);
    if (this.#isOn) url.searchParams.set("sound", "1");
    else url.searchParams.delete("sound");
    history.replaceState(null, "", url);
    this.#show();
    this.stop();
    // Asked for by hand, it is heard once, so that people know what to expect.
    if (this.#isOn && !this.#isDue) this.#play();
    this.update({ isDue: this.#isDue, isNew: false });
  }

  /** A wall that nobody has touched may be mute; then the button says what would help. */
  #show() {
    const isBlocked = this.#isOn && this.#isOwed;
    this.#button.setAttribute("aria-pressed", String(this.#isOn));
    setText(this.#button, isBlocked ? gettext("Sound: touch the page once") : gettext("Sound"));
  }

  /** Opened before it may be heard, an AudioContext would stay mute, and the browser complain. */
  async #play() {
    if (this.#context?.state === "running") {
      this.#sound();
      return;
    }
    this.#isOwed = true;
    this.#show();
    if (await maySound()) this.#open();
  }

  #touched() {
    if (this.#isOn && this.#isOwed && navigator.userActivation?.hasBeenActive !== false) this.#open();
  }

  #open() {
    this.#context ??= this.#newContext();
    this.#context.resume();
  }

  #newContext() {
    const context = new AudioContext();
    context.addEventListener("statechange", () => {
      if (context.state !== "running" || !this.#isOwed) return;
      this.#isOwed = false;
      this.#show();
      if (this.#isOn) this.#sound();
    });
    return context;
  }

  #sound() {
    const { currentTime: now, destination } = this.#context;
    const [tone, gain] = [this.#context.createOscillator(), this.#context.createGain()];
    tone.frequency.value = TONE_HZ;
    gain.gain.setValueAtTime(TONE_GAIN, now);
    gain.gain.exponentialRampToValueAtTime(0.001, now + TONE_SECONDS);
    tone.connect(gain).connect(destination);
    tone.start(now);
    tone.stop(now + TONE_SECONDS);
  }
}
