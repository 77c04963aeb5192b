import { RoomLog, isMessage } from "../models/room_log.js";
import { ChatView } from "../chat_view.js";
import { Composer } from "../composer.js";
import { GuestForm } from "../guest_form.js";
import { GuestName } from "../models/guest_name.js";
import { CHAT_SILENCE_MS, LivePage } from "../live.js";
import { People } from "../people.js";
import { bindCopyButton } from "../clipboard.js";
import { gettext } from "../text.js";
import { newClientId } from "../client_id.js";
import { part } from "../dom.js";

const ECHO_WITHIN_MS = 10_000;
const NOT_ABOUT_A_MESSAGE = new Set(["unknown-type"]);

function storage() {
  try {
    return globalThis.localStorage;
  } catch {
    return undefined;
  }
}

const region = part("region");
const { sender, username, socket: path, guest } = region.dataset;
const isGuest = guest === "true";
const name = new GuestName(username, isGuest ? storage() : undefined);
const room = new RoomLog(sender);
const view = new ChatView(document.getElementById("chat-log"), retry);
const people = new People();
const composer = new Composer({ onSend: submit, onTyping: () => socket.send({ type: "typing", username: name.sent }) });
const guestForm = isGuest ? new GuestForm(name, renamed) : null;
const echoTimers = new Map();

/** The others see a new name at once: it goes with any frame. */
function renamed() {
  composer.focus();
  socket.send({ type: "typing", username: name.sent });
}

function transmit(entry) {
  const frame = { message: entry.text, username: name.sent, client_id: entry.clientId };
  if (!socket.send(frame)) {
    fail(entry.clientId);
    return;
  }
  echoTimers.set(entry.clientId, setTimeout(() => socket.restart(), ECHO_WITHIN_MS));
}

function settle(clientId) {
  clearTimeout(echoTimers.get(clientId));
  echoTimers.delete(clientId);
}

function fail(clientId) {
  const entry = room.fail(clientId);
  if (!entry) return;
  settle(entry.clientId);
  view.update(entry);
}

function failPending() {
  for (const entry of room.failPending()) {
    settle(entry.clientId);
    view.update(entry);
  }
}

function submit(text) {
  const previous = room.entries.at(-1);
  const entry = room.submit({ text, clientId: newClientId(), username: name.shown, at: Date.now() });
  view.add(entry, previous, room.entries);
  transmit(entry);
}

function retry(clientId) {
  const entry = room.retry(clientId);
  if (!entry) return;
  view.update(entry);
  transmit(entry);
  composer.focus();
}

function receiveMessage(frame) {
  const previous = room.entries.at(-1);
  const { entry, isNew } = room.receive(frame);
  settle(entry.clientId);
  people.wrote(frame.username);
  if (isNew) view.add(entry, previous, room.entries);
  else view.update(entry);
}

function receiveError({ code, detail, client_id: clientId }) {
  composer.say(code === "name-taken" && guestForm ? guestForm.refuse() : detail);
  if (!NOT_ABOUT_A_MESSAGE.has(code)) fail(clientId);
}

function receive(frame) {
  if (isMessage(frame)) receiveMessage(frame);
  else if (frame?.type === "error") receiveError(frame);
  else if (frame?.type === "presence") people.present(frame);
  else if (frame?.type === "typing" && frame.username !== name.shown) people.types(frame.username);
  else if (frame?.type === "catch_up") view.note(gettext("Some messages may have been missed."));
}

function statusChanged({ state }) {
  if (state === "open" || state === "connecting") return;
  people.forgetTyping();
  failPending();
}

function opened(again) {
  if (again) view.note(gettext("Connected again. Some messages may have been missed."));
}

const hooks = { onOpen: opened, onFrame: receive, onStatus: statusChanged };
const socket = new LivePage().open(`${path}?events=all`, { region, silenceMs: CHAT_SILENCE_MS, ...hooks });
bindCopyButton(part("copy-link"), () => location.origin + location.pathname);
