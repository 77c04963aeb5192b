import { RECORDING_MAX_MS, elapsedText, microphoneProblem } from "./models/recording.js";
import { Take, whyNoRecording } from "./take.js";
import { SoundLevel } from "./sound_level.js";
import { gettext } from "./text.js";
import { part } from "./dom.js";

const SHOW_EVERY_MS = 200;

/**
 * A voice message: record, listen, send or discard. Its panel's `data-state` is "idle", "asking", "recording" or
 * "preview". Hooks: onRecorded(file), onProblem(text), onClosed().
 */
export class VoiceRecorder {
  #panel = part("recorder");
  #button = part("record");
  #player = part("recorder-player");
  #hooks;
  #take = null;
  #level = null;
  #file = null;
  #timer = 0;

  constructor(hooks) {
    this.#hooks = hooks;
    this.#button.addEventListener("click", () => (this.#take ? this.discard() : this.#start()));
    part("recorder-stop").addEventListener("click", () => this.#take.stop());
    part("recorder-send").addEventListener("click", () => this.#send());
    part("recorder-discard").addEventListener("click", () => this.discard());
    this.#panel.addEventListener("keydown", (event) => event.key === "Escape" && this.discard());
    addEventListener("pagehide", () => this.#reset());
  }

  set isEnabled(isEnabled) {
    this.#button.disabled = !isEnabled;
    if (!isEnabled) this.discard();
  }

  discard() {
    if (!this.#take) return;
    this.#reset();
    this.#hooks.onClosed();
  }

  async #start() {
    const reason = whyNoRecording();
    this.#hooks.onProblem(reason);
    if (reason) return;
    const take = new Take();
    this.#take = take;
    this.#show("asking", gettext("Waiting for the microphone…"));
    try {
      const stream = await take.begin((file) => this.#listen(file));
      if (stream) this.#recording(stream);
    } catch (error) {
      if (this.#take !== take) return;
      this.discard();
      this.#hooks.onProblem(microphoneProblem(error.name));
    }
  }

  #recording(stream) {
    const startedAtMs = performance.now();
    this.#level = new SoundLevel(part("recorder-level"), stream);
    const tick = () => {
      const elapsedMs = performance.now() - startedAtMs;
      part("recorder-elapsed").textContent = elapsedText(elapsedMs);
      if (elapsedMs >= RECORDING_MAX_MS) this.#take.stop();
    };
    this.#timer = setInterval(tick, SHOW_EVERY_MS);
    tick();
    this.#show("recording", gettext("Recording"));
    part("recorder-stop").focus();
  }

  #listen(file) {
    this.#stopShowing();
    this.#file = file;
    this.#player.src = URL.createObjectURL(file);
    this.#show("preview", gettext("Recorded. Listen, then send or discard it."));
    part("recorder-send").focus();
  }

  #send() {
    const file = this.#file;
    this.discard();
    this.#hooks.onRecorded(file);
  }

  #stopShowing() {
    clearInterval(this.#timer);
    this.#level?.stop();
    this.#level = null;
  }

  #reset() {
    this.#take?.cancel();
    this.#take = null;
    this.#stopShowing();
    this.#file = null;
    URL.revokeObjectURL(this.#player.src);
    this.#player.removeAttribute("src");
    this.#player.load();
    this.#show("idle", "");
  }

  #show(state, said) {
    this.#panel.hidden = state === "idle";
    this.#panel.dataset.state = state;
    part("recorder-said").textContent = said;
    this.#button.setAttribute("aria-pressed", String(state !== "idle"));
  }
}
