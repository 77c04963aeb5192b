import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_DELAY_MS, RESTART_SPREAD_MS, fullJitterMs, planAfterClose } from "../../static/js/models/backoff.js";

const most = () => 0.999999;
const least = () => 0;

test("the ceiling doubles with each attempt and stops at 8 s", () => {
  assert.deepEqual([0, 1, 2, 10].map((attempt) => Math.round(fullJitterMs(attempt, most))), [1000, 2000, 4000, 8000]);
  assert.ok(fullJitterMs(2_000, most) <= MAX_DELAY_MS);
  assert.equal(fullJitterMs(10, least), 0);
});

test("a session that ended ends the connection too, and the reader is told", () => {
  const plan = planAfterClose(4401, 0);
  assert.equal(plan.next, "stop");
  assert.match(plan.notice, /log in again/);
});

test("an outsider stays outside and is told so", () => {
  const plan = planAfterClose(4403, 0);
  assert.equal(plan.next, "stop");
  assert.match(plan.notice, /not open to you/);
});

test("who opens too many sockets waits longer than anyone else", () => {
  assert.ok(planAfterClose(4429, 0, least).delayMs >= MAX_DELAY_MS);
});

test("a frame too big is explained", () => {
  assert.match(planAfterClose(1009, 0).notice, /too big/);
});

test("after a restart pages come back spread over seven seconds", () => {
  assert.ok(planAfterClose(1012, 9, most).delayMs <= RESTART_SPREAD_MS);
  assert.ok(planAfterClose(1012, 0, most).delayMs > 6_900);
});

test("a server that cannot keep messages says so, and is asked again before long", () => {
  const plan = planAfterClose(1013, 9, most);
  assert.equal(plan.next, "retry");
  assert.match(plan.notice, /cannot keep messages/);
  assert.ok(plan.delayMs <= MAX_DELAY_MS);
});

for (const code of [1000, 1001, 1006, 1011, 4408, 4999]) {
  test(`after ${code} a page reconnects with full jitter`, () => {
    assert.deepEqual(planAfterClose(code, 3, () => 0.5), { next: "retry", delayMs: 4_000, notice: "" });
  });
}
