import { answerOf } from "./http.js";

/** The HTTP side of a room. What fails rejects with an `ApiError` whose message is the server's reason. */
export class ChatApi {
  #roomUrl;
  #csrfToken;

  constructor({ roomUrl, csrfToken }) {
    this.#roomUrl = roomUrl;
    this.#csrfToken = csrfToken;
  }

  /** The room has another name, and with it another address. */
  moveTo(roomUrl) {
    this.#roomUrl = roomUrl;
  }

  get roomUrl() {
    return this.#roomUrl;
  }

  get csrfToken() {
    return this.#csrfToken;
  }

  /** Where files are posted to. */
  get mediaUrl() {
    return `${this.#roomUrl}media/`;
  }

  /** `{messages, more}`, oldest first: what follows number `after`, or precedes `before`; with neither the latest. */
  messages(range = {}) {
    const query = new URLSearchParams(range);
    return answerOf(`${this.#roomUrl}messages/?${query}`);
  }

  deleteMessage(number) {
    return this.#ask("DELETE", `messages/${number}/`);
  }

  /** Changes any of `{name, read_only, members_only}`; gives all of them and the room's id. */
  changeSettings(settings) {
    return this.#ask("POST", "settings/", settings);
  }

  /** `{members: [{id, username}], invitation}`; the invitation is a link or "". */
  members() {
    return answerOf(`${this.#roomUrl}members/`);
  }

  addMember(username) {
    return this.#ask("POST", "members/", { username });
  }

  removeMember(id) {
    return this.#ask("DELETE", `members/${id}/`);
  }

  /** `{url}`: a new link; the one before ends. */
  newInvitation() {
    return this.#ask("POST", "invitation/");
  }

  endInvitation() {
    return this.#ask("DELETE", "invitation/");
  }

  #ask(method, path, body) {
    return answerOf(`${this.#roomUrl}${path}`, { method, body, csrfToken: this.#csrfToken });
  }
}
