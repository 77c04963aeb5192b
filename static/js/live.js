import { LOG_IN_AGAIN } from "./models/backoff.js";
import { LiveSocket } from "./socket.js";
import { loginUrl } from "./login_url.js";
import { StatusPill } from "./status.js";
import { WirePanel } from "./wire.js";

/** Chat's sockets carry something every 10 s at least; silence for longer means that the connection is dead. */
export const CHAT_SILENCE_MS = 15_000;

export function goToLogin() {
  location.assign(loginUrl());
}

/** What the sockets of one page share: the pill, the wire, and an end when the page is left. */
export class LivePage {
  #pill = new StatusPill();
  #wire = new WirePanel();
  #sockets = [];

  constructor() {
    addEventListener("pagehide", () => this.#sockets.forEach((socket) => socket.close()));
    addEventListener("pageshow", (event) => event.persisted && this.#sockets.forEach((socket) => socket.connect()));
  }

  /** Opens `path`. `tag` names it on the wire; `region` is dimmed while it is away; `onLogin()` when only who logs in may go on; other hooks as in `LiveSocket`. */
  open(path, { tag = "", region = null, onFrame, onStatus, onLogin = goToLogin, ...hooks }) {
    const socket = new LiveSocket(path, {
      ...hooks,
      onSent: (text) => this.#wire.add("out", text, tag),
      onFrame: (text, parsed) => {
        this.#wire.add("in", text, tag);
        onFrame?.(parsed);
      },
      onStatus: (status) => {
        this.#pill.report(socket, status, region);
        onStatus?.(status);
        if (status.code === LOG_IN_AGAIN) onLogin();
      },
    });
    this.#sockets.push(socket);
    socket.connect();
    return socket;
  }
}
