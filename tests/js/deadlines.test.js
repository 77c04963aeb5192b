import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Deadlines } from "../../static/js/models/deadlines.js";

let due;
let deadlines;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ["setTimeout", "Date"], now: 1_000_000 });
  due = [];
  deadlines = new Deadlines((thing) => due.push(thing));
});

const after = (seconds) => 1_000_000 + seconds * 1_000;

test("each thing is due once, at its own time", () => {
  deadlines.add("late", after(20));
  deadlines.add("early", after(10));
  mock.timers.tick(9_999);
  assert.deepEqual(due, []);
  mock.timers.tick(1);
  assert.deepEqual(due, ["early"]);
  mock.timers.tick(60_000);
  assert.deepEqual(due, ["early", "late"]);
});

test("what is taken out is not due, and what is late is due at once", () => {
  deadlines.add("out", after(5));
  deadlines.add("over", after(-5));
  deadlines.remove("out");
  mock.timers.tick(60_000);
  assert.deepEqual(due, ["over"]);
});

test("while it is stopped nothing is due; started again it goes on", () => {
  deadlines.add("a", after(5));
  deadlines.stop();
  mock.timers.tick(60_000);
  assert.deepEqual(due, []);
  deadlines.start();
  mock.timers.tick(0);
  assert.deepEqual(due, ["a"]);
});

test("a clock that is years behind does not make it turn in circles", () => {
  deadlines.add("a", after(40 * 86_400));
  let looks = 0;
  const clear = globalThis.clearTimeout;
  globalThis.clearTimeout = (timer) => {
    looks += 1;
    clear(timer);
  };
  for (let minute = 0; minute < 60; minute += 1) mock.timers.tick(60_000);
  globalThis.clearTimeout = clear;
  assert.equal(looks, 6);
  assert.deepEqual(due, []);
});
