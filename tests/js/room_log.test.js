import assert from "node:assert/strict";
import { test } from "node:test";
import { RoomLog } from "../../static/js/models/room_log.js";
import { continuesGroup, hueOf, isMessage } from "../../static/js/models/entries.js";

const ME = "me-1";
const frame = (id, more = {}) => ({
  type: "text",
  id,
  message: `text ${id}`,
  username: "guest-7",
  user: "guest-7",
  guest: true,
  sender: "other-1",
  datetime: "2030-01-01T12:00:00.000Z",
  client_id: `c-${id}`,
  ...more,
});
const gone = (id, number) => ({ type: "deleted", id, message_id: number });
const range = (from, to) => Array.from({ length: to - from + 1 }, (_, index) => frame(from + index));
const page = (from, to, more = false) => ({ messages: range(from, to), more });
const draft = (clientId) => ({ text: "hello", clientId, username: "guest-1", at: 1 });
const logOf = (from, to, { more = false, limit } = {}) => new RoomLog({ sender: ME, have: to, page: page(from, to, more), limit });
const idsOf = (log) => log.entries.map(({ id, clientId }) => id ?? clientId);

test("a page begins with what its server rendered", () => {
  const log = logOf(51, 100, { more: true });
  assert.deepEqual([log.have, log.low, log.hasOlder, log.entries.length], [100, 51, true, 50]);
});

test("a room that nobody has written in begins with its first message", () => {
  const log = new RoomLog({ sender: ME });
  log.receive(frame(1));
  assert.deepEqual([log.have, log.hasOlder, idsOf(log)], [1, false, [1]]);
});

test("frames in any order stand in the order of their numbers, each once", () => {
  const log = logOf(1, 2);
  for (const id of [5, 3, 4, 3, 5]) log.receive(frame(id));
  assert.deepEqual(idsOf(log), [1, 2, 3, 4, 5]);
  assert.deepEqual([log.have, log.hasHole], [5, false]);
});

test("a hole shows, and the history that follows it fills it", () => {
  const log = logOf(1, 2);
  log.receive(frame(4));
  assert.deepEqual([log.have, log.hasHole], [2, true]);
  log.catchUp(page(3, 4), 2);
  assert.deepEqual([log.have, log.hasHole, idsOf(log)], [4, false, [1, 2, 3, 4]]);
});

test("what the history leaves out was deleted, and is no hole", () => {
  const log = logOf(1, 2);
  log.receive(frame(5));
  log.catchUp({ messages: [frame(5), gone(6, 3), gone(7, 4)], more: false }, 2);
  assert.deepEqual([log.have, log.hasHole, idsOf(log)], [7, false, [1, 2, 5]]);
});

test("a page of history that began elsewhere proves nothing about what lies between", () => {
  const log = logOf(1, 2);
  log.catchUp(page(9, 12), 8);
  assert.deepEqual([log.have, log.hasHole], [2, true]);
});

test("a deletion takes its message away, also one that comes after it", () => {
  const log = logOf(1, 3);
  log.receive(gone(4, 2));
  log.receive(gone(6, 5));
  log.receive(frame(5));
  assert.deepEqual(idsOf(log), [1, 3]);
  assert.deepEqual([log.have, log.hasHole], [6, false]);
});

test("what is no message and no deletion leaves the log alone", () => {
  const log = logOf(1, 1);
  for (const other of [null, {}, { type: "error", message: "no" }, { type: "text", message: "no number" }]) log.receive(other);
  assert.deepEqual([log.have, idsOf(log)], [1, [1]]);
});

test("my message stands last until it is confirmed, then at its number", () => {
  const log = logOf(1, 1);
  log.unsent.isOnline = true;
  const { key, state } = log.submit(draft("mine"));
  log.receive(frame(2));
  assert.deepEqual([state, idsOf(log)], ["pending", [1, 2, "mine"]]);
  log.receive(frame(4));
  log.receive(frame(3, { sender: ME, client_id: "mine" }));
  assert.deepEqual(idsOf(log), [1, 2, 3, 4]);
  const confirmed = log.entries[2];
  assert.deepEqual([confirmed.key, confirmed.state, confirmed.mine, log.unsent.entries], [key, "sent", true, []]);
});

test("what was stored before the connection broke is recognised in history", () => {
  const log = logOf(1, 1);
  log.submit(draft("mine"));
  log.catchUp({ messages: [frame(2), frame(3, { sender: ME, client_id: "mine" })], more: false }, 1);
  assert.deepEqual(idsOf(log), [1, 2, 3]);
  assert.equal(log.entries[2].state, "sent");
});

test("what was stored is recognised after logging in elsewhere, too", () => {
  const log = logOf(1, 1);
  log.submit(draft("mine"));
  log.receive(frame(2, { sender: "me-as-account", client_id: "mine" }));
  assert.deepEqual([idsOf(log), log.entries[1].mine], [[1, 2], true]);
});

test("what is confirmed above the window is shown there, when one scrolls there", () => {
  const log = logOf(51, 100, { more: true });
  log.submit(draft("mine"));
  log.receive(frame(7, { sender: ME, client_id: "mine" }));
  assert.deepEqual([log.entries.length, log.entries[0].id, log.unsent.entries], [50, 51, []]);
  log.extendUp(page(1, 50), 51);
  assert.equal(log.entries[6].id, 7);
});

test("the echo of what staff deleted meanwhile ends the waiting and shows nothing", () => {
  const log = logOf(1, 3);
  log.submit(draft("mine"));
  log.receive(frame(2, { sender: ME, client_id: "mine", message: "" }));
  assert.deepEqual(idsOf(log), [1, 3]);
});

test("what I wrote in another tab is mine", () => {
  const log = logOf(1, 1);
  log.receive(frame(2, { sender: ME }));
  assert.deepEqual(log.entries.map(({ mine }) => mine), [false, true]);
});

test("messages of simple clients without a client id are all shown", () => {
  const log = logOf(1, 1);
  log.receive(frame(2, { client_id: undefined }));
  log.receive(frame(3, { client_id: "" }));
  log.submit(draft("mine"));
  assert.deepEqual(idsOf(log), [1, 2, 3, "mine"]);
});

test("older pages come above, until there are none", () => {
  const log = logOf(101, 150, { more: true });
  log.extendUp(page(51, 100, true), 101);
  assert.deepEqual([log.low, log.hasOlder, log.entries.length], [51, true, 100]);
  log.extendUp(page(1, 50), 51);
  assert.deepEqual([log.low, log.hasOlder, log.entries[0].id], [1, false, 1]);
});

test("an older page of deletions only is gone through all the same", () => {
  const log = logOf(101, 150, { more: true });
  log.extendUp({ messages: [gone(60, 1), gone(61, 2)], more: true }, 101);
  assert.deepEqual([log.low, log.hasOlder, log.entries.length], [60, true, 50]);
});

test("a page that was asked for before the window moved is not mixed in", () => {
  const log = logOf(101, 150, { more: true });
  log.extendUp(page(51, 100, true), 101);
  log.extendUp(page(51, 100, true), 101);
  log.extendUp(page(1, 20), 21);
  assert.deepEqual([log.low, log.entries.length], [51, 100]);
});

test("at the end the oldest give way, and can be fetched again", () => {
  const log = logOf(1, 3, { limit: 3 });
  log.receive(frame(4));
  assert.deepEqual([idsOf(log), log.low, log.hasOlder, log.isDetached], [[2, 3, 4], 2, true, false]);
});

test("whoever reads further up keeps what they read; what comes is counted only", () => {
  const log = logOf(1, 3, { limit: 3 });
  log.isAtEnd = false;
  for (const id of [4, 5, 5]) log.receive(frame(id));
  log.receive(frame(6, { sender: ME }));
  assert.deepEqual([idsOf(log), log.isDetached, log.unseen, log.have], [[1, 2, 3], true, 2, 6]);
});

test("scrolling far up drops the newest, and scrolling down brings them back", () => {
  const log = logOf(101, 150, { more: true, limit: 80 });
  log.isAtEnd = false;
  log.extendUp(page(51, 100, true), 101);
  assert.deepEqual([log.entries.length, log.entries[0].id, log.high, log.isDetached], [80, 51, 130, true]);
  log.receive(frame(151));
  assert.equal(log.unseen, 1);
  log.extendDown(page(131, 140, true), 130);
  assert.deepEqual([log.high, log.isDetached, log.entries.length, log.low], [140, true, 80, 61]);
  log.extendDown(page(141, 151), 140);
  assert.deepEqual([log.entries.at(-1).id, log.isDetached, log.unseen], [151, false, 1]);
  log.isAtEnd = true;
  assert.equal(log.unseen, 0);
});

test("what comes while the last page is on its way is asked for once more", () => {
  const log = logOf(101, 150, { more: true, limit: 80 });
  log.extendUp(page(51, 100, true), 101);
  log.receive(frame(151));
  log.extendDown(page(131, 150), 130);
  assert.deepEqual([log.isDetached, log.have], [false, 150]);
  log.catchUp(page(151, 151), 150);
  assert.equal(log.entries.at(-1).id, 151);
});

test("a deletion reaches a detached window", () => {
  const log = logOf(101, 150, { more: true, limit: 80 });
  log.extendUp(page(51, 100, true), 101);
  log.receive(gone(151, 60));
  assert.equal(log.entries.length, 79);
});

test("back to the latest page", () => {
  const log = logOf(101, 150, { more: true, limit: 80 });
  log.isAtEnd = false;
  log.extendUp(page(51, 100, true), 101);
  log.receive(frame(151));
  log.restart(page(102, 151, true));
  assert.deepEqual([log.entries.length, log.have, log.low, log.isDetached, log.unseen], [50, 151, 102, false, 0]);
});

test("unsent messages count among those that a page holds", () => {
  const log = logOf(1, 5, { limit: 5 });
  log.submit(draft("mine"));
  assert.deepEqual(idsOf(log), [2, 3, 4, 5, "mine"]);
});

test("a page that is open for a day holds what it held after an hour", () => {
  const log = logOf(1, 50);
  for (let id = 51; id < 20_000; id += 1) log.receive(id % 10 ? frame(id) : gone(id, id - 5));
  assert.equal(log.entries.length, 500);
  assert.deepEqual([log.have, log.hasHole], [19_999, false]);
});

test("holes upon holes are bounded, and still filled", () => {
  const log = logOf(1, 1);
  for (let id = 3; id < 6_000; id += 2) log.receive(frame(id));
  assert.ok(log.entries.length <= 500);
  for (let after = 1; after < 6_000; after = log.have) log.catchUp(page(after + 1, after + 200, true), after);
  assert.deepEqual([log.hasHole, idsOf(log).at(-1) - idsOf(log)[0]], [false, 499]);
});

test("however events come, the log ends as the room is", () => {
  for (let round = 1; round <= 50; round += 1) {
    let seed = round;
    const random = (below) => (seed = (seed * 48_271) % 2_147_483_647) % below;
    const room = new Map();
    const events = [];
    for (let id = 1; id <= 60; id += 1) {
      const known = [...room.values()].filter(({ type }) => type === "text").map((message) => message.id);
      const victim = random(4) === 0 && known.length > 0 ? known[random(known.length)] : null;
      if (victim) room.delete(victim);
      room.set(id, victim ? gone(id, victim) : frame(id));
      events.push(room.get(id));
    }
    const log = new RoomLog({ sender: ME });
    // A third is lost, the rest comes out of order, some of it twice.
    const heard = events.flatMap((event) => Array(random(3)).fill(event));
    heard.sort(() => random(3) - 1).forEach((event) => log.receive(event));
    for (let more = true; more; ) {
      const after = log.have;
      const left = [...room.values()].filter(({ id }) => id > after);
      log.catchUp({ messages: left.slice(0, 7) }, after);
      more = left.length > 7;
    }
    const expected = [...room.values()].filter(({ type }) => type === "text").map(({ id }) => id);
    assert.deepEqual(idsOf(log), expected, `round ${round}`);
    assert.deepEqual([log.have, log.hasHole], [60, false]);
  }
});

test("only numbered messages are messages", () => {
  assert.ok(isMessage(frame(1)));
  assert.ok(isMessage(frame(1, { type: "voice" })));
  for (const other of [null, {}, { type: "error", message: "no" }, { type: "text", id: 1 }, frame("1")]) assert.ok(!isMessage(other));
});

test("a medium's address is not its text", () => {
  const log = new RoomLog({ sender: ME });
  log.receive(frame(1, { type: "image", message: "/chat/media/a.jpg", media: { title: "cat", size: 7 } }));
  const [{ kind, text, url, media }] = log.entries;
  assert.deepEqual([kind, text, url, media.title], ["image", "", "/chat/media/a.jpg", "cat"]);
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

test("a message carries the moment it is about, the alarm it tells of, and whose voice it is", () => {
  const about = { device: "boiler", metric: "temperature", at: 5 };
  const log = logOf(1, 1);
  log.receive(frame(2, { about, alarm: { id: 5, state: "raised" }, sender: "telemetry", guest: false }));
  log.receive(frame(3, { about: { device: "boiler" }, alarm: { id: 5, state: "odd" } }));
  const [plain, told, odd] = log.entries.map((entry) => [entry.about, entry.alarm, entry.isTelemetry]);
  assert.deepEqual(told, [about, "raised", true]);
  assert.deepEqual(plain, [null, null, false]);
  assert.deepEqual(odd, [null, null, false]);
});

test("a jump to an old message shows what is around it, and nothing of that is new", () => {
  const log = logOf(151, 200, { more: true });
  log.showAround(page(16, 65, true), 66);
  assert.deepEqual([idsOf(log)[0], idsOf(log).at(-1), log.hasOlder, log.isDetached, log.isAtEnd], [16, 65, true, true, false]);
  assert.deepEqual([log.low, log.high, log.unseen], [16, 65, 0]);
  log.extendDown(page(66, 115, true), 65);
  assert.deepEqual([idsOf(log).at(-1), log.unseen, log.have], [115, 0, 200]);
  log.receive(frame(201));
  assert.deepEqual([idsOf(log).at(-1), log.unseen], [115, 1]);
});

test("a jump to a message near the end stays at the end of the room", () => {
  const log = logOf(151, 200, { more: true });
  log.showAround(page(155, 200, true), 205);
  assert.deepEqual([log.isDetached, log.have], [false, 200]);
  log.receive(frame(201));
  assert.deepEqual([idsOf(log).at(-1), log.have, log.hasHole], [201, 201, false]);
});

test("a jump past a hole closes it", () => {
  const log = logOf(151, 200, { more: true });
  log.receive(frame(203));
  log.showAround(page(160, 203, true), 210);
  assert.deepEqual([log.isDetached, log.have, log.hasHole], [false, 203, false]);
});

test("a jump keeps what is unsent", () => {
  const log = logOf(151, 200, { more: true });
  log.submit(draft("a"));
  log.showAround(page(16, 65, true), 66);
  assert.equal(idsOf(log).at(-1), "a");
});
