import assert from "node:assert/strict";
import { test } from "node:test";
import { saidText } from "../../static/js/models/entries.js";
import { Unread, isRoomOf, roomNameProblem, unreadText } from "../../static/js/models/rooms.js";

const room = (name, lastId, unread) => ({ name, last_id: lastId, unread });

test("what is unread grows with the room", () => {
  const unread = new Unread([room("garden", 120, 3), room("lobby", 8, 0)]);
  assert.deepEqual([unread.of(room("garden", 120)), unread.of(room("garden", 125))], [3, 8]);
  assert.equal(unread.of(room("lobby", 8)), 0);
});

test("of a room that appears, however much was said there before, only what comes is unread", () => {
  const unread = new Unread([room("garden", 120, 3)]);
  assert.deepEqual([unread.of(room("kitchen", 5_000)), unread.of(room("kitchen", 5_002))], [0, 2]);
  assert.deepEqual([unread.of(room("garden", 2)), unread.of(room("garden", 3))], [0, 1]);
});

test("when the server counts again, its word counts", () => {
  const unread = new Unread([room("garden", 120, 3)]);
  unread.count([room("garden", 125, 0)]);
  assert.equal(unread.of(room("garden", 126)), 1);
});

test("more than 99 are not counted out", () => {
  assert.deepEqual([0, 1, 99, 100, 12_000].map(unreadText), ["", "1", "99", "99+", "99+"]);
});

test("a device's room is known by its name, in whatever case it was first written", () => {
  assert.ok(isRoomOf("device-boiler", "boiler") && isRoomOf("Device-Boiler", "boiler"));
  assert.ok(!isRoomOf("device-boiler-2", "boiler") && !isRoomOf("boiler", "boiler"));
});

test("a message in a line says what it is", () => {
  assert.equal(saidText("text", "<b>hi"), "<b>hi");
  const files = ["image", "video", "voice"].map((type) => saidText(type, ""));
  assert.deepEqual(files, ["sent a picture", "sent a video", "sent a voice message"]);
});

test("a name that no room can have gets its reason", () => {
  assert.equal(roomNameProblem("  Küche 2 "), "");
  assert.match(roomNameProblem(" "), /needs a name/);
  assert.match(roomNameProblem("😀".repeat(81)), /80/);
  assert.match(roomNameProblem("a/b"), /Letters/);
});
