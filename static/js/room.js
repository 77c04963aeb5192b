import { CHAT_SILENCE_MS, goToLogin } from "./live.js";
import { ChatApi } from "./chat_api.js";
import { ChatView } from "./chat_view.js";
import { Composer } from "./composer.js";
import { Conversation } from "./conversation.js";
import { GuestForm } from "./guest_form.js";
import { GuestName } from "./models/guest_name.js";
import { People } from "./people.js";
import { RoomDialogs } from "./room_dialogs.js";
import { RoomHead } from "./room_head.js";
import { RoomHistory } from "./room_history.js";
import { RoomLog } from "./models/room_log.js";
import { RoomMedia } from "./room_media.js";
import { RoomMoments } from "./room_moments.js";
import { UnsentStore } from "./models/unsent_store.js";
import { bindCopyButton } from "./clipboard.js";
import { gettext } from "./text.js";
import { isMessage } from "./models/entries.js";
import { jsonScript, part } from "./dom.js";
import { readMessageHash } from "./models/moment.js";
import { reasonText } from "./attempt.js";
import { roomUrl } from "./models/rooms.js";
import { storage } from "./storage.js";

/** A room on a page, as `_room.html` has it: the only one there. */
export class Room {
  #region = part("region");
  #facts = this.#region.dataset;
  #isStaff = this.#facts.staff === "true";
  #path = this.#facts.socket;
  #hooks;
  #guestName;
  #api;
  #log;
  #conversation;
  #past;
  #view;
  #head;
  #people = new People();
  #composer;
  #guestForm;
  #media;
  #dialogs;
  #moments;
  #socket;
  #wasIn = false;

  /** Hooks: onWanted(), when something in the room is to be seen; onMoment(), when its chart is; onNews(), when somebody else wrote. */
  constructor(livePage, { onWanted = () => {}, onMoment = () => {}, onNews = () => {} } = {}) {
    this.#hooks = { onWanted, onNews };
    const { chatUrl, name: roomName, beside: device, besideName: deviceName } = this.#facts;
    const isGuest = this.#facts.guest === "true";
    this.#guestName = new GuestName(this.#facts.username, isGuest ? storage("localStorage") : undefined);
    this.#api = new ChatApi({
      roomUrl: roomUrl(chatUrl, roomName),
      csrfToken: this.#region.querySelector("[name=csrfmiddlewaretoken]").value,
    });
    this.#moments = new RoomMoments(this.#region, {
      onMoment,
      onPicked: () => this.#composeMoment(),
      onLeft: () => onWanted(),
    });
    this.#openLog(roomName);
    this.#head = new RoomHead({ chatUrl, beside: device ? { device, name: deviceName } : null });
    this.#openComposer(isGuest);
    this.#dialogs = this.#isStaff ? new RoomDialogs({ api: this.#api }) : null;
    bindCopyButton(part("copy-link"), () => new URL(this.#api.roomUrl, location.href).href);
    this.#openSocket(livePage);
    document.addEventListener("show-message", ({ detail }) => this.#showMessage(detail.id));
    addEventListener("hashchange", () => this.#followHash());
    this.#followHash();
  }

  #openLog(roomName) {
    const roomId = Number(this.#facts.room) || null;
    const { sender, have, more } = this.#facts;
    this.#log = new RoomLog({
      sender,
      have: Number(have),
      page: { messages: jsonScript("room-messages", []), more: more === "true" },
    });
    const store = new UnsentStore(storage("sessionStorage"), { sender, roomName, roomId });
    this.#conversation = new Conversation(
      { log: this.#log, api: this.#api, store, guestName: this.#guestName, roomId, socket: () => this.#socket },
      {
        onChange: () => this.#view.invalidate(),
        onCaughtUp: (isOk) => this.#showFetched(isOk),
        onBegunAnew: () => location.reload(),
      },
    );
    this.#past = new RoomHistory(this.#log, this.#api, (isOk) => this.#showPast(isOk));
    this.#view = new ChatView(this.#log, {
      onRetry: (clientId) => this.#retry(clientId),
      onDiscard: (clientId) => this.#discard(clientId),
      onDelete: this.#isStaff ? (number) => this.#erase(number) : null,
      onOlder: () => this.#past.older(),
      onNewer: () => this.#past.newer(),
      onLatest: () => this.#conversation.toLatest(),
      onShown: () => this.#media?.tidy(),
      momentElement: (about) => this.#moments.elementOf(about),
    });
  }

  #openComposer(isGuest) {
    this.#composer = new Composer({
      chip: this.#moments.chip,
      onSend: (text, about) => this.#send(text, about),
      onTyping: () => this.#tell("typing"),
    });
    this.#guestForm = isGuest
      ? new GuestForm(this.#guestName, { onClosed: () => this.#composer.focus(), onRenamed: () => this.#renamed() })
      : null;
    this.#media = new RoomMedia(
      this.#region,
      {
        conversation: this.#conversation,
        log: this.#log,
        api: this.#api,
        guestName: this.#guestName,
        chip: this.#moments.chip,
        maxBytes: Number(this.#facts.maxUpload),
      },
      {
        onSend: () => this.#view.toEnd(),
        onProblem: (text) => this.#composer.say(text),
        onRefused: (code) => code === "name-taken" && this.#showNameTaken(),
        onClosed: () => this.#composer.focus(),
      },
    );
  }

  #openSocket(livePage) {
    this.#socket = livePage.open(this.#socketPath(), {
      region: this.#region,
      tag: this.#facts.beside ? gettext("room") : "",
      silenceMs: CHAT_SILENCE_MS,
      onOpen: () => {
        this.#showFetched(true);
        this.#conversation.opened();
      },
      onFrame: (frame) => this.#receive(frame),
      onStatus: (status) => this.#showStatus(status),
      onLogin: () => this.#shutOut(),
    });
  }

  /** By its id as soon as the room has one; with the name a guest chose, so that the others see it again at once. */
  #socketPath() {
    const chosen = this.#guestName.sent ? `&username=${encodeURIComponent(this.#guestName.sent)}` : "";
    return `${this.#path}?events=all${chosen}`;
  }

  #showFetched(isOk) {
    part("history-problem", this.#region).hidden = isOk;
  }

  #showPast(isOk) {
    this.#showFetched(isOk);
    if (!isOk) return;
    if (!this.#log.isDetached) this.#conversation.catchUp();
    // Before the next scroll event, which would ask for one more page.
    this.#view.show();
  }

  #showStatus(status) {
    this.#conversation.statusChanged(status);
    if (status.state === "stopped") {
      this.#media.stop();
      this.#composer.close(status.notice);
    }
    if (status.state !== "open" && status.state !== "connecting") this.#people.forgetTyping();
  }

  #tell(type) {
    this.#socket.send({ type, username: this.#guestName.sent });
  }

  /** The others see a new name at once: it goes with any frame. */
  #renamed() {
    this.#socket.moveTo(this.#socketPath());
    this.#tell("typing");
  }

  #send(text, about) {
    if (!this.#conversation.submit(text, about)) return gettext("Too many messages wait to be sent.");
    this.#view.toEnd();
    return "";
  }

  #retry(clientId) {
    if (!this.#media.retry(clientId)) this.#conversation.retry(clientId);
    this.#composer.focus();
  }

  #discard(clientId) {
    this.#media.cancel(clientId);
    this.#conversation.discard(clientId);
    this.#composer.focus();
  }

  async #erase(number) {
    await this.#api.deleteMessage(number).catch((error) => this.#composer.say(reasonText(error)));
  }

  #composeMoment() {
    this.#hooks.onWanted();
    this.#composer.focus();
  }

  #followHash() {
    const number = readMessageHash(location.hash);
    if (number) this.#showMessage(number);
  }

  async #showMessage(number) {
    this.#hooks.onWanted();
    if (this.#view.reveal(number)) return;
    const isOk = await this.#past.around(number);
    if (isOk && !this.#view.reveal(number)) this.#composer.say(gettext("That message is not there any more."));
  }

  /** The chart beside the room is for more people than the room. Who was not even let in would be sent round in circles. */
  #shutOut() {
    if (this.#facts.beside && this.#wasIn) location.reload();
    else goToLogin();
  }

  #showRoom(frame) {
    this.#wasIn = true;
    this.#head.show(frame);
    this.#dialogs?.show(frame);
    this.#composer.isReadOnly = frame.read_only;
    this.#media.isReadOnly = frame.read_only;
    this.#api.moveTo(roomUrl(this.#facts.chatUrl, frame.name));
    if (frame.room !== null) this.#path = `/ws/chat/room/${frame.room}/`;
    this.#socket.moveTo(this.#socketPath());
  }

  #showNameTaken() {
    if (this.#guestForm) this.#composer.say(this.#guestForm.refuse());
  }

  #showError({ code, detail, client_id: clientId }) {
    if (code === "name-taken") this.#showNameTaken();
    else if (!clientId || code === "too-fast") this.#composer.say(detail);
  }

  #showWritten({ username: writer, sender }) {
    this.#people.wrote(writer);
    if (sender === this.#facts.sender) return;
    this.#head.wrote();
    this.#hooks.onNews();
  }

  #receive(frame) {
    this.#conversation.receive(frame);
    if (isMessage(frame)) this.#showWritten(frame);
    else if (frame?.type === "room") this.#showRoom(frame);
    else if (frame?.type === "error") this.#showError(frame);
    else if (frame?.type === "presence") this.#people.present(frame);
    else if (frame?.type === "typing" && frame.username !== this.#guestName.shown) this.#people.types(frame.username);
  }
}
