import assert from "node:assert/strict";
import { test } from "node:test";
import { UNSENT_LIMIT, Unsent } from "../../static/js/models/unsent.js";
import { UnsentStore } from "../../static/js/models/unsent_store.js";

const draft = (clientId, more) => ({ clientId, text: `text ${clientId}`, username: "guest-1", at: 1, ...more });
const states = (unsent) => unsent.entries.map(({ state }) => state);
const room = { sender: "me", roomName: "kitchen", roomId: null };

function memory() {
  const kept = new Map();
  return {
    kept,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => kept.set(key, value),
    removeItem: (key) => kept.delete(key),
  };
}

test("what is written offline is queued, and pending once there is a connection", () => {
  const unsent = new Unsent();
  unsent.add(draft("a"));
  assert.deepEqual(states(unsent), ["queued"]);
  unsent.isOnline = true;
  unsent.add(draft("b"));
  assert.deepEqual(states(unsent), ["pending", "pending"]);
  unsent.isOnline = false;
  assert.deepEqual(states(unsent), ["queued", "queued"]);
});

test("texts go in the order they were written; a failed one holds up none", () => {
  const unsent = new Unsent();
  for (const id of ["a", "b"]) unsent.add(draft(id));
  assert.equal(unsent.next.clientId, "a");
  unsent.change("a", { state: "failed", reason: "no" });
  assert.equal(unsent.next.clientId, "b");
  unsent.take("b");
  assert.equal(unsent.next, undefined);
});

test("uploads go another way and see for themselves whether there is a connection", () => {
  const unsent = new Unsent();
  unsent.add(draft("a", { kind: "image", previewUrl: "blob:1" }));
  assert.equal(unsent.next, undefined);
  unsent.change("a", { progress: 0.5 });
  unsent.isOnline = false;
  assert.deepEqual([states(unsent), unsent.entries[0].progress], [["pending"], 0.5]);
});

test("retrying keeps the client id, by which the server knows what it has", () => {
  const unsent = new Unsent();
  unsent.isOnline = true;
  unsent.add(draft("a"));
  assert.equal(unsent.retry("a", "fresh"), undefined, "only what failed is tried again");
  unsent.change("a", { state: "failed", code: "read-only", reason: "closed" });
  assert.equal(unsent.retry("a", "fresh").clientId, "a");
  assert.deepEqual([unsent.entries[0].state, unsent.entries[0].reason], ["pending", ""]);
});

test("a client id that is somebody else's is replaced", () => {
  const unsent = new Unsent();
  const { key } = unsent.add(draft("a"));
  unsent.change("a", { state: "failed", code: "client-id-taken" });
  const again = unsent.retry("a", "fresh");
  assert.deepEqual([again.clientId, again.key, again.text], ["fresh", key, "text a"]);
});

test("no more wait than are kept", () => {
  const unsent = new Unsent();
  for (let count = 0; count < UNSENT_LIMIT; count += 1) {
    assert.ok(!unsent.isFull);
    unsent.add(draft(`c-${count}`));
  }
  assert.ok(unsent.isFull);
});

test("unsent texts survive a reload, with what became of them; uploads do not", () => {
  const storage = memory();
  const unsent = new Unsent();
  for (const id of ["a", "b"]) unsent.add(draft(id));
  unsent.add(draft("c", { kind: "image" }));
  unsent.change("b", { state: "failed", reason: "no", code: "read-only" });
  new UnsentStore(storage, room).save(unsent.entries);
  const again = new Unsent();
  new UnsentStore(storage, room).load().forEach((kept) => again.add(kept));
  assert.deepEqual(again.entries.map(({ clientId, text }) => [clientId, text]), [["a", "text a"], ["b", "text b"]]);
  assert.deepEqual([states(again), again.entries[1].reason], [["queued", "failed"], "no"]);
});

test("what is confirmed is kept no longer", () => {
  const storage = memory();
  const store = new UnsentStore(storage, room);
  store.save([{ ...draft("a"), kind: "text" }]);
  store.save([]);
  assert.equal(storage.kept.size, 0);
});

test("another person in the same tab sends nothing of mine", () => {
  const storage = memory();
  new UnsentStore(storage, room).save([{ ...draft("a"), kind: "text" }]);
  assert.deepEqual(new UnsentStore(storage, { ...room, sender: "other" }).load(), []);
});

test("unsent texts follow their room to its id and its new name", () => {
  const storage = memory();
  const store = new UnsentStore(storage, room);
  store.save([{ ...draft("a"), kind: "text" }]);
  assert.equal(new UnsentStore(storage, { ...room, roomId: 7 }).load().length, 1, "loaded before it was moved");
  store.moveTo({ roomName: "galley", roomId: 7 });
  assert.equal(new UnsentStore(storage, { ...room, roomName: "galley", roomId: 7 }).load().length, 1);
  assert.equal(storage.kept.size, 1);
});

test("storage that is missing, forbidden or full of other things is done without", () => {
  const forbidden = { getItem() { throw new Error("no"); }, setItem() { throw new Error("no"); }, removeItem() { throw new Error("no"); } };
  for (const storage of [undefined, forbidden]) {
    const store = new UnsentStore(storage, room);
    store.save([{ ...draft("a"), kind: "text" }]);
    assert.deepEqual(store.load(), []);
  }
  for (const text of ["{", "null", '{"sender": "me"}', '{"sender": "me", "drafts": [null, {"clientId": 1}]}']) {
    const storage = memory();
    storage.setItem("unsent:name:kitchen", text);
    assert.deepEqual(new UnsentStore(storage, room).load(), []);
  }
});

test("what a text is about is kept with it, a damaged one is not", () => {
  const storage = memory();
  const about = { device: "boiler", metric: "temperature", at: 5 };
  new UnsentStore(storage, room).save([draft("a", { kind: "text", about }), draft("b", { kind: "text", about: null })]);
  assert.deepEqual(
    new UnsentStore(storage, room).load().map((kept) => kept.about),
    [about, null],
  );
  storage.setItem("unsent:name:kitchen", JSON.stringify({ sender: "me", drafts: [draft("c", { about: { device: 7 } })] }));
  assert.equal(new UnsentStore(storage, room).load()[0].about, null);
});
