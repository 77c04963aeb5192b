import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { Conversation } from "../../static/js/conversation.js";
import { RoomLog } from "../../static/js/models/room_log.js";
import { UnsentStore } from "../../static/js/models/unsent_store.js";

const ME = "me-1";
const OPEN = { state: "open", code: 0, notice: "" };
const WAITING = { state: "waiting", code: 1006, notice: "" };
const BARRED = { state: "stopped", code: 4403, notice: "Not a member." };

/** A room as a server keeps it, with a socket and a history that a test can cut. */
class FakeServer {
  events = [];
  sent = [];
  asked = [];
  restarts = 0;
  isOpen = false;
  isReachable = true;

  send(frame) {
    if (!this.isOpen) return false;
    this.sent.push(frame);
    return true;
  }

  restart() {
    this.restarts += 1;
  }

  say(message, { sender = "other", clientId } = {}) {
    const frame = { type: "text", id: this.events.length + 1, message, username: sender, sender, datetime: "2030-01-01T00:00:00Z" };
    if (clientId) frame.client_id = clientId;
    this.events.push(frame);
    return frame;
  }

  /** Stores what the page sent, as the server would. */
  store({ message, client_id: clientId }) {
    const known = this.events.find((event) => event.client_id === clientId);
    return known ?? this.say(message, { sender: ME, clientId });
  }

  async messages({ after, limit = 50 } = {}) {
    this.asked.push(after ?? "latest");
    if (!this.isReachable) throw new TypeError("Failed to fetch");
    if (after === undefined) return { messages: this.events.slice(-limit), more: this.events.length > limit };
    const left = this.events.filter(({ id }) => id > after);
    return { messages: left.slice(0, limit), more: left.length > limit };
  }

  roomFrame(more = {}) {
    return { type: "room", room: 7, name: "kitchen", read_only: false, members_only: false, last_id: this.events.length, ...more };
  }
}

let server;
let storage;

function memory() {
  const kept = new Map();
  return { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
}

/** A page of the room; `have` of its events were rendered with it. */
function openPage({ have = 0, hooks = {} } = {}) {
  const page = { messages: server.events.slice(0, have), more: false };
  const log = new RoomLog({ sender: ME, have, page });
  const store = new UnsentStore(storage, { sender: ME, roomName: "kitchen", roomId: 7 });
  const guestName = { shown: "guest-1", sent: undefined };
  const conversation = new Conversation(
    { log, api: server, store, guestName, roomId: 7, socket: () => server },
    { onChange() {}, onCaughtUp() {}, onBegunAnew() {}, ...hooks },
  );
  return { log, conversation };
}

function connect({ conversation }, frame = server.roomFrame()) {
  server.isOpen = true;
  conversation.opened();
  conversation.statusChanged(OPEN);
  conversation.receive(frame);
  return settled();
}

function lose({ conversation }, status = WAITING) {
  server.isOpen = false;
  conversation.statusChanged(status);
}

async function settled() {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

const textsOf = ({ log }) => log.entries.map(({ text, state }) => (state === "sent" ? text : `${text} (${state})`));
const sentTexts = () => server.sent.map(({ message }) => message);

beforeEach(() => {
  server = new FakeServer();
  storage = memory();
  globalThis.document = { hidden: false };
  mock.timers.enable({ apis: ["setTimeout", "setInterval"] });
});

afterEach(() => {
  mock.timers.reset();
});

test("with nothing missing nothing is asked for, and what was written goes at once", async () => {
  server.say("one");
  const page = openPage({ have: 1 });
  page.conversation.submit("two");
  await connect(page);
  assert.deepEqual([server.asked, sentTexts(), textsOf(page)], [[], ["two"], ["one", "two (pending)"]]);
  page.conversation.receive(server.store(server.sent[0]));
  assert.deepEqual(textsOf(page), ["one", "two"]);
});

test("what was missed is fetched page by page before what was written offline goes", async () => {
  const page = openPage();
  await connect(page);
  lose(page);
  page.conversation.submit("mine");
  assert.deepEqual(textsOf(page), ["mine (queued)"]);
  for (let count = 1; count <= 450; count += 1) server.say(`text ${count}`);
  await connect(page);
  assert.deepEqual(server.asked, [0, 200, 400]);
  assert.deepEqual([page.log.have, sentTexts()], [450, ["mine"]]);
});

test("what was stored though its echo was lost is recognised and not sent again", async () => {
  const page = openPage();
  await connect(page);
  page.conversation.submit("mine");
  lose(page);
  server.store(server.sent[0]);
  await connect(page);
  assert.deepEqual([sentTexts(), textsOf(page)], [["mine"], ["mine"]]);
});

test("texts go one after the other, each after the echo of the one before", async () => {
  const page = openPage();
  ["a", "b", "c"].forEach((text) => page.conversation.submit(text));
  await connect(page);
  assert.deepEqual(sentTexts(), ["a"]);
  for (let index = 0; index < 3; index += 1) page.conversation.receive(server.store(server.sent[index]));
  assert.deepEqual([sentTexts(), textsOf(page)], [["a", "b", "c"], ["a", "b", "c"]]);
});

test("without an echo the socket starts over, and the same client id goes again", async () => {
  const page = openPage();
  await connect(page);
  page.conversation.submit("mine");
  mock.timers.tick(9_999);
  assert.equal(server.restarts, 0);
  mock.timers.tick(1);
  assert.equal(server.restarts, 1);
  lose(page);
  await connect(page);
  assert.deepEqual(sentTexts(), ["mine", "mine"]);
  assert.equal(server.sent[0].client_id, server.sent[1].client_id);
});

test("a refusal fails its message with the reason, the next one goes, and Retry sends it again", async () => {
  const page = openPage();
  await connect(page);
  page.conversation.submit("a");
  page.conversation.submit("b");
  const { client_id: clientId } = server.sent[0];
  page.conversation.receive({ type: "error", code: "read-only", detail: "Closed.", client_id: clientId });
  assert.equal(page.log.entries[0].reason, "Closed.");
  assert.deepEqual([textsOf(page), sentTexts()], [["a (failed)", "b (pending)"], ["a", "b"]]);
  page.conversation.receive(server.store(server.sent[1]));
  assert.equal(page.conversation.retry(clientId), clientId);
  assert.deepEqual(sentTexts(), ["a", "b", "a"]);
});

test("a client id that is somebody else's is replaced when trying again", async () => {
  const page = openPage();
  await connect(page);
  page.conversation.submit("a");
  const { client_id: clientId } = server.sent[0];
  page.conversation.receive({ type: "error", code: "client-id-taken", detail: "", client_id: clientId });
  assert.notEqual(page.conversation.retry(clientId), clientId);
  assert.notEqual(server.sent[1].client_id, clientId);
});

test("too fast is no failure: it waits and goes on, but not for ever", async () => {
  const page = openPage();
  await connect(page);
  page.conversation.submit("a");
  const tooFast = { type: "error", code: "too-fast", detail: "Slower.", client_id: server.sent[0].client_id };
  page.conversation.receive(tooFast);
  assert.deepEqual(textsOf(page), ["a (pending)"]);
  mock.timers.tick(1_000);
  assert.deepEqual(sentTexts(), ["a", "a"]);
  for (const seconds of [2, 4, 8, 16]) {
    page.conversation.receive(tooFast);
    mock.timers.tick(seconds * 1_000);
  }
  page.conversation.receive(tooFast);
  assert.deepEqual([sentTexts().length, textsOf(page)], [6, ["a (failed)"]]);
});

test("a hole that stays is filled, one that closes by itself is not asked about", async () => {
  server.say("one");
  const page = openPage({ have: 1 });
  await connect(page);
  const [two, three, , five] = ["two", "three", "four", "five"].map((text) => server.say(text));
  page.conversation.receive(three);
  mock.timers.tick(299);
  page.conversation.receive(two);
  mock.timers.tick(1_000);
  assert.deepEqual(server.asked, []);
  page.conversation.receive(five);
  mock.timers.tick(300);
  await settled();
  assert.deepEqual([server.asked, textsOf(page)], [[3], ["one", "two", "three", "four", "five"]]);
});

test("after catch_up the page asks within three seconds", async () => {
  const page = openPage();
  await connect(page);
  server.say("lost");
  page.conversation.receive({ type: "catch_up" });
  mock.timers.tick(3_000);
  await settled();
  assert.deepEqual(textsOf(page), ["lost"]);
});

test("once a minute a page that is looked at asks, a hidden one does not", async () => {
  const page = openPage();
  await connect(page);
  server.say("announced by nobody");
  document.hidden = true;
  mock.timers.tick(60_000);
  await settled();
  assert.deepEqual(server.asked, []);
  document.hidden = false;
  mock.timers.tick(60_000);
  await settled();
  assert.deepEqual(textsOf(page), ["announced by nobody"]);
  lose(page);
  mock.timers.tick(600_000);
  await settled();
  assert.equal(server.asked.length, 1, "and none asks while its socket is away");
});

test("a history that does not answer holds up nobody, and is asked again", async () => {
  const results = [];
  const page = openPage({ hooks: { onCaughtUp: (isOk) => results.push(isOk) } });
  page.conversation.submit("mine");
  server.say("missed");
  server.isReachable = false;
  await connect(page);
  assert.deepEqual([results, sentTexts()], [[false], ["mine"]]);
  server.isReachable = true;
  mock.timers.tick(2_000);
  await settled();
  assert.deepEqual([results, textsOf(page)], [[false, true], ["missed", "mine (pending)"]]);
});

test("a deletion while the page was away takes the message from it", async () => {
  server.say("one");
  server.say("two");
  const page = openPage({ have: 2 });
  server.events[0] = { type: "deleted", id: 3, message_id: 1 };
  await connect(page, server.roomFrame({ last_id: 3 }));
  assert.deepEqual(textsOf(page), ["two"]);
});

test("a room that was begun anew is loaded anew", async () => {
  for (const frame of [{ last_id: 1 }, { last_id: 2, room: 8 }]) {
    server.events = [];
    server.say("one");
    server.say("two");
    let isAnew = false;
    const page = openPage({ have: 2, hooks: { onBegunAnew: () => (isAnew = true) } });
    await connect(page, server.roomFrame(frame));
    assert.ok(isAnew);
  }
});

test("a room frame that was overtaken by a message is no sign of that", async () => {
  let isAnew = false;
  const page = openPage({ hooks: { onBegunAnew: () => (isAnew = true) } });
  await connect(page);
  page.conversation.receive(server.say("one"));
  page.conversation.receive(server.roomFrame({ last_id: 0, read_only: true }));
  assert.ok(!isAnew);
});

test("a change of the room is no reason to ask what was said", async () => {
  const page = openPage();
  await connect(page);
  server.say("on its way");
  page.conversation.receive(server.roomFrame({ read_only: true }));
  await settled();
  assert.deepEqual(server.asked, []);
});

test("wishing for the latest page offline is remembered, and lets nothing out before it", async () => {
  const page = openPage();
  await connect(page);
  lose(page);
  page.conversation.submit("mine");
  page.conversation.toLatest();
  await settled();
  server.isOpen = true;
  page.conversation.opened();
  assert.deepEqual([server.asked, sentTexts()], [[], []]);
  page.conversation.receive(server.roomFrame());
  await settled();
  assert.deepEqual([server.asked, sentTexts()], [["latest", 0], ["mine"]]);
});

test("after a day away the page begins at the end", async () => {
  server.say("one");
  const page = openPage({ have: 1 });
  for (let count = 0; count < 30_000; count += 1) server.say("later");
  await connect(page);
  assert.deepEqual([server.asked.slice(0, 2), page.log.entries.length, page.log.have], [["latest", 30_001], 50, 30_001]);
});

test("whoever reads further up misses no deletion, however long the page was away", async () => {
  server.say("one");
  server.say("two");
  const page = openPage({ have: 2 });
  page.log.isAtEnd = false;
  for (let count = 0; count < 1_000; count += 1) server.say("later");
  server.events[0] = { type: "deleted", id: 1_003, message_id: 1 };
  server.events.push(server.events.shift());
  await connect(page, server.roomFrame({ last_id: 1_003 }));
  await settled();
  assert.deepEqual([page.log.have, page.log.entries[0].text, page.log.isDetached], [1_003, "two", true]);
});

test("writing while far up goes back to the end", async () => {
  for (let count = 1; count <= 600; count += 1) server.say(`text ${count}`);
  const page = openPage({ have: 400 });
  page.log.isAtEnd = false;
  await connect(page);
  assert.ok(page.log.isDetached);
  page.conversation.submit("mine");
  await settled();
  assert.deepEqual([page.log.isDetached, textsOf(page).slice(-2)], [false, ["text 600", "mine (pending)"]]);
});

test("who is thrown out is told what was not sent, and why", async () => {
  const page = openPage();
  await connect(page);
  lose(page);
  page.conversation.submit("a");
  lose(page, BARRED);
  page.conversation.submit("b");
  assert.deepEqual(page.log.entries.map(({ state, reason }) => [state, reason]), Array(2).fill(["failed", "Not a member."]));
});

test("what waits survives a reload of the page, and is sent once", async () => {
  const before = openPage();
  await connect(before);
  lose(before);
  before.conversation.submit("a");
  before.conversation.submit("b");
  server.store({ message: "a", client_id: before.log.entries[0].clientId });
  const after = openPage({ have: 1 });
  assert.deepEqual(textsOf(after), ["a", "b (queued)"]);
  await connect(after);
  assert.deepEqual(sentTexts(), ["b"]);
});

test("when the page is left nothing goes on", async () => {
  const page = openPage();
  await connect(page);
  page.conversation.submit("a");
  server.events.push({});
  page.conversation.receive({ type: "catch_up" });
  lose(page, { state: "idle", code: 0, notice: "" });
  mock.timers.tick(600_000);
  await settled();
  assert.deepEqual([server.restarts, server.asked], [0, []]);
});

test("what a text is about goes with it, again when it is tried again", async () => {
  const about = { device: "boiler", metric: "temperature", at: 5 };
  const page = openPage();
  await connect(page);
  page.conversation.submit("hot", about);
  page.conversation.submit("plain");
  const [{ client_id: clientId }] = server.sent;
  page.conversation.receive({ type: "error", code: "bad-about", detail: "No such moment.", client_id: clientId });
  assert.deepEqual([page.log.entries[0].state, page.log.entries[0].reason], ["failed", "No such moment."]);
  page.conversation.receive(server.store(server.sent[1]));
  page.conversation.retry(clientId);
  assert.deepEqual(server.sent.map((frame) => frame.about), [about, undefined, about]);
});
