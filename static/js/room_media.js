import { Attach } from "./attach.js";
import { Lightbox } from "./lightbox.js";
import { MediaSender } from "./media_sender.js";
import { VoiceRecorder } from "./voice_recorder.js";

/** What a room's page does with files: attach, record, send, look at. */
export class RoomMedia {
  #sender;
  #attach;
  #recorder;

  /**
   * `room`: what a MediaSender takes; `chip` holds the moment that files are about, as a text would be.
   * Hooks: onSend(), when files are about to be shown; onProblem(text); onRefused(code, detail), what the server said
   * to an upload; onClosed(), when the recorder gives the focus back.
   */
  constructor(region, { chip, ...room }, { onSend, onProblem, onRefused, onClosed }) {
    const send = async (files) => {
      onSend();
      if (await this.#sender.send(files, chip.moment)) chip.clear();
    };
    this.#sender = new MediaSender(room, { onProblem, onRefused });
    this.#attach = new Attach(region, send);
    this.#recorder = new VoiceRecorder({ onRecorded: (file) => send([file]), onProblem, onClosed });
    new Lightbox(region);
  }

  set isReadOnly(isReadOnly) {
    this.#attach.isEnabled = !isReadOnly;
    this.#recorder.isEnabled = !isReadOnly;
  }

  /** True when `clientId` was an upload's and is on its way once more. */
  retry(clientId) {
    return this.#sender.retry(clientId);
  }

  cancel(clientId) {
    this.#sender.cancel(clientId);
  }

  /** To be called after the log has changed. */
  tidy() {
    this.#sender.tidy();
  }

  /** The room is shut: nothing is sent any longer. */
  stop() {
    this.#sender.stop();
    this.isReadOnly = true;
  }
}
