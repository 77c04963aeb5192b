import { gettext } from "./text.js";
import { recordingFormat } from "./models/recording.js";

const BITS_PER_SECOND = 48_000;

function format() {
  return recordingFormat((type) => MediaRecorder.isTypeSupported(type));
}

/** Why this page cannot record, or "". */
export function whyNoRecording() {
  if (!globalThis.isSecureContext) return gettext("A page may use the microphone only over https.");
  const isAble = navigator.mediaDevices?.getUserMedia && globalThis.MediaRecorder;
  return isAble && format() ? "" : gettext("This browser cannot record. A sound file can be attached instead.");
}

/** One recording. The microphone is open from `begin` to `stop` or `cancel`, whichever way it goes. */
export class Take {
  #stream = null;
  #recorder = null;
  #isCancelled = false;

  /**
   * The microphone's stream as soon as it is recorded, null when cancelled meanwhile; `onRecorded(file)` comes after `stop`.
   *
   * Rejects with what `getUserMedia` or MediaRecorder throw.
   */
  async begin(onRecorded) {
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      if (!this.#isCancelled) this.#record(onRecorded);
    } finally {
      if (!this.#recorder) this.#release();
    }
    return this.#isCancelled ? null : this.#stream;
  }

  stop() {
    if (this.#recorder?.state === "recording") this.#recorder.stop();
    this.#release();
  }

  cancel() {
    this.#isCancelled = true;
    this.stop();
  }

  #record(onRecorded) {
    const { type, name } = format();
    const chunks = [];
    const recorder = new MediaRecorder(this.#stream, { mimeType: type, audioBitsPerSecond: BITS_PER_SECOND });
    recorder.ondataavailable = ({ data }) => chunks.push(data);
    // Also when the microphone was pulled out.
    recorder.onstop = () => {
      this.#release();
      if (!this.#isCancelled) onRecorded(new File(chunks, name, { type }));
    };
    recorder.start();
    this.#recorder = recorder;
  }

  #release() {
    this.#stream?.getTracks().forEach((track) => track.stop());
  }
}
