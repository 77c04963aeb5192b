import { UploadQueue } from "./models/uploads.js";
import { gettext } from "./text.js";

const STALLED_AFTER_MS = 60_000;
const CREATED = 201;
const OK = 200;

function frameOf(request) {
  return request.status === OK || request.status === CREATED ? request.response : null;
}

/**
 * Uploads files one after the other. An upload is `{clientId, file, username, about}`, `about` a moment or null; hooks, each with the upload first:
 * onProgress(upload, fraction), onDone(upload, frame), onFail(upload, code, detail).
 */
export class Uploader {
  #queue = new UploadQueue();
  #hooks;
  #url;
  #csrfToken;
  #request = null;
  #timer = 0;

  /** `url()` and `csrfToken()` are asked for each upload, since a room can be renamed. */
  constructor({ url, csrfToken, ...hooks }) {
    this.#url = url;
    this.#csrfToken = csrfToken;
    this.#hooks = hooks;
  }

  /** How many more files may be added now. */
  get free() {
    return this.#queue.free;
  }

  /** False when too many are waiting. */
  add(upload) {
    if (!this.#queue.add(upload)) return false;
    this.#begin();
    return true;
  }

  /** Takes an upload back; no hook is called for it any longer. */
  cancel(clientId) {
    const wasCurrent = this.#queue.isCurrent(clientId);
    this.#queue.remove(clientId);
    if (wasCurrent) this.#abort();
    this.#begin();
  }

  stop() {
    this.#queue.clear();
    this.#abort();
  }

  // fetch() does not tell how much of a body has gone.
  #begin() {
    const upload = this.#queue.begin();
    if (!upload) return;
    const { clientId, file, username, about } = upload;
    const body = new FormData();
    body.append("client_id", clientId);
    if (username) body.append("username", username);
    if (about) body.append("about", JSON.stringify(about));
    body.append("file", file, file.name);
    const request = new XMLHttpRequest();
    this.#request = request;
    request.open("POST", this.#url());
    request.responseType = "json";
    request.setRequestHeader("X-CSRFToken", this.#csrfToken());
    request.upload.onprogress = ({ loaded, total }) => this.#progressed(upload, loaded / total);
    request.onload = () => this.#answered(upload, request);
    request.onerror = () => this.#fail(upload, "away", gettext("The server could not be reached."));
    this.#progressed(upload, 0);
    request.send(body);
  }

  #progressed(upload, fraction) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#stalled(upload), STALLED_AFTER_MS);
    this.#hooks.onProgress(upload, fraction);
  }

  #stalled(upload) {
    this.#abort();
    this.#fail(upload, "stalled", gettext("Nothing moved for a minute."));
  }

  #answered(upload, request) {
    const frame = frameOf(request);
    if (!frame) {
      const { code = "", detail = "" } = request.response?.error ?? {};
      this.#fail(upload, code, detail || `HTTP ${request.status}`);
      return;
    }
    this.#end(upload);
    this.#hooks.onDone(upload, frame);
    this.#begin();
  }

  #fail(upload, code, detail) {
    this.#end(upload);
    this.#hooks.onFail(upload, code, detail);
    this.#begin();
  }

  #end({ clientId }) {
    clearTimeout(this.#timer);
    this.#request = null;
    this.#queue.remove(clientId);
  }

  #abort() {
    clearTimeout(this.#timer);
    const request = this.#request;
    this.#request = null;
    request?.abort();
  }
}
