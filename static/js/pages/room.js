import { CHAT_SILENCE_MS, LivePage } from "../live.js";
import { ChatApi } from "../chat_api.js";
import { ChatView } from "../chat_view.js";
import { Composer } from "../composer.js";
import { Conversation } from "../conversation.js";
import { GuestForm } from "../guest_form.js";
import { GuestName } from "../models/guest_name.js";
import { People } from "../people.js";
import { RoomDialogs } from "../room_dialogs.js";
import { RoomHead } from "../room_head.js";
import { RoomHistory } from "../room_history.js";
import { RoomLog } from "../models/room_log.js";
import { RoomMedia } from "../room_media.js";
import { UnsentStore } from "../models/unsent_store.js";
import { bindCopyButton } from "../clipboard.js";
import { gettext } from "../text.js";
import { isMessage } from "../models/entries.js";
import { jsonScript, part } from "../dom.js";
import { roomUrl } from "../models/rooms.js";
import { storage } from "../storage.js";

const region = part("region");
const { sender, username, name: roomName, chatUrl } = region.dataset;
const isGuest = region.dataset.guest === "true";
const isStaff = region.dataset.staff === "true";
const number = Number(region.dataset.room) || null;
let path = region.dataset.socket;

const name = new GuestName(username, isGuest ? storage("localStorage") : undefined);
const api = new ChatApi({
  roomUrl: roomUrl(chatUrl, roomName),
  csrfToken: document.querySelector("[name=csrfmiddlewaretoken]").value,
});
const log = new RoomLog({
  sender,
  have: Number(region.dataset.have),
  page: { messages: jsonScript("room-messages", []), more: region.dataset.more === "true" },
});
const store = new UnsentStore(storage("sessionStorage"), { sender, name: roomName, number });
const conversation = new Conversation(
  { log, api, store, name, number, socket: () => socket },
  {
    onChange: () => view.invalidate(),
    onCaughtUp: showFetched,
    onBegunAnew: () => location.reload(),
  },
);
const past = new RoomHistory(log, api, (isOk) => {
  showFetched(isOk);
  if (!isOk) return;
  if (!log.isDetached) conversation.catchUp();
  // Before the next scroll event, which would ask for one more page.
  view.show();
});
const view = new ChatView(log, {
  onRetry: retry,
  onDiscard: discard,
  onDelete: isStaff ? erase : null,
  onOlder: () => past.older(),
  onNewer: () => past.newer(),
  onLatest: () => conversation.toLatest(),
  onShown: () => media.tidy(),
});
const head = new RoomHead({ chatUrl });
const people = new People();
const composer = new Composer({ onSend: send, onTyping: () => tell("typing") });
const guestForm = isGuest ? new GuestForm(name, renamed) : null;
const media = new RoomMedia(
  region,
  { conversation, log, api, name, maxBytes: Number(region.dataset.maxUpload) },
  {
    onSend: () => view.toEnd(),
    onProblem: (text) => composer.say(text),
    onRefused: (code) => code === "name-taken" && showNameTaken(),
    onClosed: () => composer.focus(),
  },
);
const dialogs = isStaff ? new RoomDialogs({ api }) : null;

function showFetched(isOk) {
  part("history-problem").hidden = isOk;
}

function tell(type) {
  socket.send({ type, username: name.sent });
}

/** The others see a new name at once: it goes with any frame. */
function renamed() {
  composer.focus();
  socket.moveTo(socketPath());
  tell("typing");
}

/** By number as soon as the room has one; with the name a guest chose, so that the others see it again at once. */
function socketPath() {
  const chosen = name.sent ? `&username=${encodeURIComponent(name.sent)}` : "";
  return `${path}?events=all${chosen}`;
}

function send(text) {
  if (!conversation.submit(text)) return gettext("Too many messages wait to be sent.");
  view.toEnd();
  return "";
}

function retry(clientId) {
  if (!media.retry(clientId)) conversation.retry(clientId);
  composer.focus();
}

function discard(clientId) {
  media.cancel(clientId);
  conversation.discard(clientId);
  composer.focus();
}

async function erase(message) {
  await api.deleteMessage(message).catch((error) => composer.say(error.message));
}

function showRoom(frame) {
  head.show(frame);
  dialogs?.show(frame);
  composer.isReadOnly = frame.read_only;
  media.isReadOnly = frame.read_only;
  api.moveTo(roomUrl(chatUrl, frame.name));
  if (frame.room !== null) path = `/ws/chat/room/${frame.room}/`;
  socket.moveTo(socketPath());
}

function showNameTaken() {
  if (guestForm) composer.say(guestForm.refuse());
}

function showError({ code, detail, client_id: clientId }) {
  if (code === "name-taken") showNameTaken();
  else if (!clientId || code === "too-fast") composer.say(detail);
}

function showWritten({ username: writer, sender: by }) {
  people.wrote(writer);
  if (by !== sender) head.wrote();
}

function receive(frame) {
  conversation.receive(frame);
  if (isMessage(frame)) showWritten(frame);
  else if (frame?.type === "room") showRoom(frame);
  else if (frame?.type === "error") showError(frame);
  else if (frame?.type === "presence") people.present(frame);
  else if (frame?.type === "typing" && frame.username !== name.shown) people.types(frame.username);
}

const socket = new LivePage().open(socketPath(), {
  region,
  silenceMs: CHAT_SILENCE_MS,
  onOpen: () => {
    showFetched(true);
    conversation.opened();
  },
  onFrame: receive,
  onStatus: (status) => {
    conversation.statusChanged(status);
    if (status.state === "stopped") {
      media.stop();
      composer.close(status.notice);
    }
    if (status.state !== "open" && status.state !== "connecting") people.forgetTyping();
  },
});
bindCopyButton(part("copy-link"), () => location.origin + location.pathname);
