import assert from "node:assert/strict";
import { test } from "node:test";
import { RoomLog, continuesGroup, hueOf, isMessage } from "../../static/js/models/room_log.js";

const ME = "me-1";
const frame = (more) => ({
  type: "text",
  message: "hi",
  username: "guest-7",
  user: "guest-7",
  guest: true,
  sender: "other-1",
  datetime: "2030-01-01T12:00:00Z",
  client_id: "c-1",
  ...more,
});
const draft = (clientId) => ({ text: "hello", clientId, username: "guest-1", at: 1 });

test("another's message is theirs", () => {
  const { entry, isNew } = new RoomLog(ME).receive(frame());
  assert.equal(isNew, true);
  assert.equal(entry.mine, false);
  assert.equal(entry.username, "guest-7");
});

test("what I wrote in another tab is mine", () => {
  assert.equal(new RoomLog(ME).receive(frame({ sender: ME })).entry.mine, true);
});

test("my message is pending until its echo confirms it", () => {
  const room = new RoomLog(ME);
  const entry = room.submit(draft("c-9"));
  assert.equal(entry.state, "pending");
  const { isNew } = room.receive(frame({ sender: ME, client_id: "c-9", id: 5 }));
  assert.equal(isNew, false);
  assert.equal(room.entries.length, 1);
  assert.deepEqual([entry.state, entry.id], ["sent", 5]);
});

test("a resend shows once, by number or by client id", () => {
  const room = new RoomLog(ME);
  room.receive(frame({ id: 3 }));
  assert.equal(room.receive(frame({ id: 3, client_id: "c-2" })).isNew, false);
  assert.equal(room.receive(frame({ client_id: "c-1" })).isNew, false);
  assert.equal(room.entries.length, 1);
});

test("nobody confirms or hides another's message by guessing its client id", () => {
  const room = new RoomLog(ME);
  const mine = room.submit(draft("c-1"));
  assert.equal(room.receive(frame({ client_id: "c-1" })).isNew, true);
  assert.equal(mine.state, "pending");
});

test("messages of simple clients without a client id are all shown", () => {
  const room = new RoomLog(ME);
  room.receive(frame({ client_id: undefined }));
  room.receive(frame({ client_id: undefined }));
  room.receive(frame({ client_id: "" }));
  assert.equal(room.entries.length, 3);
});

test("an error without a client id belongs to the oldest pending message", () => {
  const room = new RoomLog(ME);
  const first = room.submit(draft("c-1"));
  const second = room.submit(draft("c-2"));
  assert.equal(room.fail(), first);
  assert.equal(room.fail("c-2"), second);
  assert.equal(room.fail(), undefined);
});

test("a failed message can be sent again, a sent one cannot", () => {
  const room = new RoomLog(ME);
  const entry = room.submit(draft("c-1"));
  assert.equal(room.retry("c-1"), undefined);
  room.failPending();
  assert.equal(entry.state, "failed");
  assert.equal(room.retry("c-1"), entry);
  assert.equal(entry.state, "pending");
});

test("an echo that comes after giving up still confirms", () => {
  const room = new RoomLog(ME);
  const entry = room.submit(draft("c-1"));
  room.failPending();
  room.receive(frame({ sender: ME }));
  assert.equal(entry.state, "sent");
});

test("a room keeps its latest messages only", () => {
  const room = new RoomLog(ME, 3);
  for (let id = 1; id <= 5; id += 1) room.receive(frame({ id, client_id: `c-${id}` }));
  assert.deepEqual(room.entries.map(({ id }) => id), [3, 4, 5]);
});

test("only messages are messages", () => {
  assert.ok(isMessage(frame()));
  assert.ok(isMessage(frame({ type: "voice" })));
  for (const other of [null, {}, { type: "error", message: "no" }, { type: "text" }]) assert.ok(!isMessage(other));
});

test("one speaker's messages are grouped for five minutes", () => {
  const first = { sender: "a", username: "Ada", at: 0 };
  assert.ok(continuesGroup(first, { ...first, at: 299_999 }));
  assert.ok(!continuesGroup(first, { ...first, at: 300_000 }));
  assert.ok(!continuesGroup(first, { ...first, username: "Eve" }));
  assert.ok(!continuesGroup(undefined, first));
});

test("a sender keeps one hue", () => {
  assert.equal(hueOf("abc"), hueOf("abc"));
  assert.ok(hueOf("房间") >= 0 && hueOf("房间") < 360);
});
