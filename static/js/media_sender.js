import { kindOf, refusalOf } from "./models/uploads.js";
import { Uploader } from "./uploader.js";
import { gettext } from "./text.js";
import { newClientId } from "./client_id.js";
import { pictureSize } from "./media_view.js";

const PROBLEMS_TOLD = 3;

function tooMany() {
  return gettext("Ten files wait already; send the others after them.");
}

/** Files that become messages: shown at once, uploaded one after the other, confirmed by their frame or failed. */
export class MediaSender {
  #conversation;
  #log;
  #guestName;
  #maxBytes;
  #hooks;
  #uploader;
  // What is not confirmed yet, by `client_id`: `{file, previewUrl, about}`.
  #kept = new Map();

  /** `guestName`: a GuestName; `maxBytes` of a file. Hooks: onProblem(text), onRefused(code, detail), what the server said to an upload. */
  constructor({ conversation, log, api, guestName, maxBytes }, hooks) {
    this.#conversation = conversation;
    this.#log = log;
    this.#guestName = guestName;
    this.#maxBytes = maxBytes;
    this.#hooks = hooks;
    this.#uploader = new Uploader({
      url: () => api.mediaUrl,
      csrfToken: () => api.csrfToken,
      onProgress: ({ clientId }, fraction) => conversation.progressed(clientId, fraction),
      onDone: (upload, frame) => conversation.receive(frame),
      onFail: (upload, code, detail) => this.#failed(upload, code, detail),
    });
  }

  /** Sends `files`, each `about` a moment or null. Whether any was taken. */
  async send(files, about = null) {
    const problems = [];
    let isAnyTaken = false;
    for (const file of files) {
      const problem = refusalOf(file, this.#maxBytes) || (this.#uploader.free > 0 ? "" : tooMany());
      if (problem) problems.push(problem);
      else if (await this.#submit(file, about)) isAnyTaken = true;
      else problems.push(gettext("Too many messages wait to be sent."));
    }
    this.#hooks.onProblem([...new Set(problems)].slice(0, PROBLEMS_TOLD).join("\n"));
    return isAnyTaken;
  }

  /** True when `clientId` was an upload's and is on its way once more. */
  retry(clientId) {
    const kept = this.#kept.get(clientId);
    if (!kept) return false;
    const again = this.#conversation.retry(clientId);
    if (!again) return true;
    this.#kept.delete(clientId);
    this.#kept.set(again, kept);
    this.#upload(again);
    return true;
  }

  cancel(clientId) {
    this.#uploader.cancel(clientId);
  }

  stop() {
    this.#uploader.stop();
  }

  /** Forgets what was confirmed or discarded; to be called after the page shows it no longer. */
  tidy() {
    for (const [clientId, { previewUrl }] of this.#kept) {
      if (this.#log.unsent.find(clientId)) continue;
      URL.revokeObjectURL(previewUrl);
      this.#kept.delete(clientId);
    }
  }

  async #submit(file, about) {
    const clientId = newClientId();
    const kind = kindOf(file);
    const previewUrl = URL.createObjectURL(file);
    const size = kind === "image" ? await pictureSize(previewUrl) : {};
    const media = { title: file.name, width: null, height: null, ...size, thumbnail: null, size: file.size };
    this.#kept.set(clientId, { file, previewUrl, about });
    const draft = { kind, previewUrl, media, about, clientId, username: this.#guestName.shown, at: Date.now() };
    const isTaken = this.#conversation.submitDraft(draft);
    // Not where too much is unsent, nor where the room is closed.
    if (this.#log.unsent.find(clientId)?.state === "pending") this.#upload(clientId);
    this.tidy();
    return isTaken;
  }

  #upload(clientId) {
    const { file, about } = this.#kept.get(clientId);
    const isTaken = this.#uploader.add({ clientId, file, about, username: this.#guestName.sent });
    if (!isTaken) this.#conversation.failed(clientId, "", tooMany());
  }

  #failed({ clientId }, code, detail) {
    this.#conversation.failed(clientId, code, detail);
    this.#hooks.onRefused(code, detail);
  }
}
