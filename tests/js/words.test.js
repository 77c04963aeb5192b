import assert from "node:assert/strict";
import { test } from "node:test";
import { ServerClock } from "../../static/js/models/server_clock.js";
import { WordList } from "../../static/js/models/words.js";

const word = (at) => ({ word: `w${at}`, at });

test("the last ten words stay, newest first", () => {
  const words = new WordList();
  for (let at = 0; at < 15; at += 1) words.add(word(at));
  assert.equal(words.items.length, 10);
  assert.equal(words.latest.at, 14);
  assert.equal(words.items.at(-1).at, 5);
});

test("a slot counts once", () => {
  const words = new WordList([word(2), word(1)]);
  assert.equal(words.add(word(2)), false);
  assert.equal(words.items.length, 2);
});

test("a word that comes late takes its place, unless the list has moved on", () => {
  const words = new WordList([word(3), word(1)], 3);
  assert.equal(words.add(word(2)), true);
  assert.deepEqual(words.items.map(({ at }) => at), [3, 2, 1]);
  assert.equal(words.add(word(0)), false);
});

test("a viewer's clock that is an hour ahead does not matter", () => {
  let now = 3_600_000;
  const clock = new ServerClock(() => now);
  clock.observe(-1_500);
  now += 550;
  clock.observe(500);
  assert.equal(clock.nowMs(), 500);
  now += 700;
  assert.equal(clock.elapsedMs(500, 2_000), 700);
});

test("elapsed time stays within the period", () => {
  const clock = new ServerClock(() => 10_000);
  clock.observe(10_000);
  assert.equal(clock.elapsedMs(1_000, 2_000), 2_000);
  assert.equal(clock.elapsedMs(11_000, 2_000), 0);
});

test("before the first frame the local clock must do", () => {
  assert.equal(new ServerClock(() => 7).nowMs(), 7);
});
