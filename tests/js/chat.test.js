import assert from "node:assert/strict";
import { test } from "node:test";
import { GuestName } from "../../static/js/models/guest_name.js";
import { Throttle, TypingList } from "../../static/js/models/typing.js";
import { isRoomName, roomUrl, sortRooms } from "../../static/js/models/rooms.js";

for (const name of ["room1", "房间", "café", "a b_c-d", "नमस्ते", "  trimmed  ", "x".repeat(80)]) {
  test(`a room may be called ${JSON.stringify(name.slice(0, 12))}`, () => assert.ok(isRoomName(name)));
}

for (const name of ["", "   ", "../x", "a/b", "a?b", "a.b", "😀", "x".repeat(81), "a\nb"]) {
  test(`no room is called ${JSON.stringify(name.slice(0, 12))}`, () => assert.ok(!isRoomName(name)));
}

test("a decomposed name leads to the composed room", () => {
  assert.equal(roomUrl("/chat/", " cafe\u0301 "), "/chat/caf%C3%A9/");
});

test("rooms with people stand first, then the latest talk", () => {
  const room = (name, count, datetime) => ({ name, count, last: datetime ? { datetime } : null });
  const rooms = [room("b", 0, "2030-01-01T00:00:00Z"), room("c", 2), room("a", 0), room("d", 0, "2031-01-01T00:00:00Z")];
  assert.deepEqual(sortRooms(rooms).map(({ name }) => name), ["c", "d", "b", "a"]);
});

function memory() {
  const kept = new Map();
  return {
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  };
}

test("a guest has the server's name until choosing one, and keeps the chosen one", () => {
  const storage = memory();
  const name = new GuestName("guest-7", storage);
  assert.deepEqual([name.shown, name.sent], ["guest-7", undefined]);
  name.choose("  Ada ");
  assert.deepEqual([name.shown, name.sent], ["Ada", "Ada"]);
  assert.equal(new GuestName("guest-8", storage).shown, "Ada");
});

test("a refused name falls back to the server's", () => {
  const storage = memory();
  const name = new GuestName("guest-7", storage);
  name.choose("admin");
  name.choose("");
  assert.deepEqual([name.shown, name.sent, storage.getItem("guest-name")], ["guest-7", undefined, null]);
});

test("without storage a name lasts as long as its page", () => {
  const forbidden = { getItem() { throw new Error("no"); }, setItem() { throw new Error("no"); } };
  const name = new GuestName("guest-7", forbidden);
  name.choose("Ada");
  assert.equal(name.sent, "Ada");
});

test("typing is told at most every three seconds", () => {
  const throttle = new Throttle();
  assert.deepEqual([0, 1_000, 2_999, 3_000].map((now) => throttle.allows(now)), [true, false, false, true]);
  throttle.reset();
  assert.ok(throttle.allows(3_001));
});

test("who stops typing is forgotten, and so is who has written", () => {
  const typing = new TypingList();
  typing.heard("Ada", 0);
  typing.heard("Eve", 2_000);
  assert.deepEqual(typing.names(3_999), ["Ada", "Eve"]);
  assert.deepEqual(typing.names(4_000), ["Eve"]);
  typing.finished("Eve");
  assert.deepEqual(typing.names(4_001), []);
});
