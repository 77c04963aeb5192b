import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Refetch } from "../../static/js/refetch.js";
import { agoText, durationText, spanText } from "../../static/js/times.js";
import { ServerClock } from "../../static/js/models/server_clock.js";
import { stepOf, timeTicks } from "../../static/js/models/time_ticks.js";
import { DAY_MS } from "../../static/js/models/time_units.js";
import { Selection } from "../../static/js/models/selection.js";
import { readViewState, sameView, withQuery, writeViewState } from "../../static/js/models/view_state.js";
import { AHEAD_MS, SHORTEST_MS, Viewport } from "../../static/js/models/viewport.js";

const NOW = 1_763_690_000_000;
const viewOf = (search) => new Viewport(readViewState(search));
const HOUR = 3_600_000;

test("a link shows what its sender saw", () => {
  const state = { window: "5m", pausedAt: NOW, zoomed: null, devices: ["boiler", "pump"], hidden: new Set(["boiler:a b"]) };
  const search = writeViewState("?kiosk=1", state);
  assert.equal(search, `?kiosk=1&window=5m&paused=${NOW}&device=boiler&device=pump&hide=boiler%3Aa+b`);
  assert.deepEqual(readViewState(search), state);
  const zoomed = { ...state, pausedAt: null, zoomed: { from: 5, to: 9 } };
  assert.deepEqual(readViewState(writeViewState("", zoomed)), zoomed);
});

test("the plain view has a plain address, and nonsense is the plain view", () => {
  const plain = { window: "1m", pausedAt: null, zoomed: null, devices: [], hidden: new Set() };
  assert.equal(writeViewState("?window=5m&paused=1&device=a&hide=b&from=1&to=2", plain), "");
  assert.deepEqual(readViewState("?window=toString&paused=x&from=9&to=5&device=*&device="), plain);
});

test("a view token goes along to sockets, requests and links", () => {
  assert.equal(withQuery("/ws/two/?device=*", [], "?view=abc&window=5m"), "/ws/two/?device=*&view=abc");
  assert.equal(withQuery("/two/readings/", [["device", "a"], ["device", "b"]], ""), "/two/readings/?device=a&device=b");
});

test("a way to another page keeps the time, the token and the wish for sound, but leaves devices, lines and the wall behind", () => {
  assert.equal(sameView("/d/", "?view=abc&kiosk=1&sound=1&window=15m&device=a&hide=b", "message-5"), "/d/?view=abc&sound=1&window=15m#message-5");
  assert.equal(sameView("/d/", "?from=5&to=9"), "/d/?from=5&to=9");
  assert.equal(sameView("/d/", ""), "/d/");
});

test("the window ends at the server's now; a pause and a zoom stand still", () => {
  const view = viewOf("?window=5m");
  assert.deepEqual(view.range(NOW), { from: NOW - 300_000, to: NOW });
  view.pause(NOW);
  assert.deepEqual(view.range(NOW + 50_000), { from: NOW - 300_000, to: NOW });
  view.show({ from: NOW - 9_000, to: NOW - 3_000 }, NOW);
  assert.deepEqual(view.range(NOW + 50_000), { from: NOW - 9_000, to: NOW - 3_000 });
  assert.equal(view.pausedAt, null);
  view.goLive();
  assert.deepEqual(view.range(NOW), { from: NOW - 300_000, to: NOW });
});

test("a link to a pause in the future shows now", () => {
  assert.equal(viewOf(`?paused=${NOW + HOUR}`).range(NOW).to, NOW);
});

test("a range is mended: not too short, not in the future, moving later ends at now", () => {
  const view = viewOf("");
  view.show({ from: NOW - 1, to: NOW }, NOW);
  assert.equal(view.spanMs, SHORTEST_MS);
  view.show({ from: NOW, to: NOW + HOUR }, NOW);
  assert.deepEqual(view.range(NOW), { from: NOW + AHEAD_MS - HOUR, to: NOW + AHEAD_MS });
  view.show({ from: NOW - 12_000, to: NOW - 2_000 }, NOW);
  view.move(0.5, NOW);
  assert.deepEqual(view.range(NOW), { from: NOW - 10_000, to: NOW });
  view.zoom(2, NOW);
  assert.equal(view.spanMs, 20_000);
});

test("the last reading of long ago is shown near the right edge of a window", () => {
  const view = viewOf("");
  view.showReading(NOW - HOUR, NOW);
  assert.deepEqual(view.range(NOW), { from: NOW - HOUR - 54_000, to: NOW - HOUR + 6_000 });
});

test("the server's time is found though the viewer's clock is an hour off", () => {
  let local = NOW + HOUR;
  const clock = new ServerClock(() => local);
  clock.observe(NOW - 1_900);
  local += 100;
  clock.observe(NOW + 60);
  assert.equal(clock.nowMs(), NOW + 60);
});

test("a viewer's clock that is put right does not mislead", () => {
  let local = NOW;
  const clock = new ServerClock(() => local);
  clock.observe(NOW);
  local += HOUR;
  clock.observe(NOW + 10);
  assert.equal(clock.nowMs(), NOW + 10);
});

const zone = (hours) => () => hours * HOUR;

test("ticks stand at round times of the viewer's zone and leave each other room", () => {
  assert.deepEqual(timeTicks(61_000, 121_000, 6, zone(0)), [70_000, 80_000, 90_000, 100_000, 110_000, 120_000]);
  assert.deepEqual(timeTicks(61_000, 121_000, 3, zone(0)), [80_000, 100_000, 120_000]);
  assert.deepEqual(timeTicks(0, 5 * HOUR, 5, zone(5.5)), [0.5, 1.5, 2.5, 3.5, 4.5].map((hour) => hour * HOUR));
  assert.deepEqual(timeTicks(0, 50 * HOUR, 2, zone(-3)), [3 * HOUR]);
});

test("a tick that stands alone stands for the whole span", () => {
  assert.equal(stepOf([0, 3_600_000, 7_200_000], DAY_MS), 3_600_000);
  assert.equal(stepOf([DAY_MS], 7 * DAY_MS), 7 * DAY_MS);
});

test("days begin at midnight also after summer time has ended", () => {
  const change = 36 * HOUR;
  const offset = (at) => (at < change ? 2 * HOUR : HOUR);
  assert.deepEqual(timeTicks(0, 96 * HOUR, 4, offset), [22, 47, 71, 95].map((hour) => hour * HOUR));
});

test("durations are said in the largest unit of which there are two", () => {
  assert.deepEqual([900, 59_000, 119_000, 240_000, 3 * HOUR, 72 * HOUR].map(durationText), ["0 s", "59 s", "119 s", "4 min", "3 h", "3 days"]);
  assert.deepEqual([60_000, 300_000, HOUR, 24 * HOUR].map(spanText), ["1 min", "5 min", "1 h", "24 h"]);
  assert.deepEqual([-120_000, -500, 2_900, 3_000].map(agoText), ["clock 2 min ahead", "just now", "just now", "3 s ago"]);
});

test("a fetch that fails comes again; what is asked for meanwhile is fetched once more", async (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const outcomes = [Promise.reject(new Error("away")), Promise.resolve(), Promise.resolve(), Promise.resolve()];
  outcomes[0].catch(() => {});
  let runs = 0;
  const said = [];
  const refetch = new Refetch(() => outcomes[runs++], (isOk) => said.push(isOk));
  refetch.now();
  await settle();
  mock.timers.tick(2_000);
  await settle();
  assert.deepEqual([runs, said], [2, [false, true]]);
  refetch.now();
  refetch.now();
  await settle();
  assert.equal(runs, 4);
});

test("what is asked for while a fetch runs is not put off by when that fetch wants to come again", async (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  let runs = 0;
  let answer;
  const refetch = new Refetch(async () => {
    runs += 1;
    await new Promise((resolve) => (answer = resolve));
    refetch.within(60_000);
  });
  refetch.now();
  refetch.within(0);
  mock.timers.tick(0);
  answer();
  await settle();
  assert.equal(runs, 2);
});

test("a moment comes into view with some minutes around it, more where readings are rare; what is in view stays", () => {
  const view = viewOf("?window=15m");
  view.showMoment(NOW - 60_000, 1_000, NOW);
  assert.equal(view.isHeld, false);
  view.showMoment(NOW - HOUR, 1_000, NOW);
  assert.deepEqual(view.range(NOW), { from: NOW - HOUR - 150_000, to: NOW - HOUR + 150_000 });
  view.showMoment(NOW - 2 * HOUR, 600_000, NOW);
  assert.equal(view.spanMs, 3_000_000);
  const month = viewOf("?window=30d");
  month.showMoment(NOW - HOUR, 1_000, NOW);
  assert.equal(month.spanMs, 300_000);
});

test("devices are chosen one beside the other, taken out one by one, or all at once", () => {
  const selection = new Selection({ devices: [], hidden: new Set() });
  selection.pick("boiler");
  selection.pick("oven");
  assert.deepEqual(selection.devices, ["boiler", "oven"]);
  selection.pick("boiler");
  assert.deepEqual(selection.devices, ["oven"]);
  selection.pick(null);
  assert.deepEqual(selection.devices, []);
});

test("a line is switched off and on again", () => {
  const selection = new Selection({ devices: [], hidden: new Set(["boiler heat"]) });
  selection.toggle("oven heat");
  selection.toggle("boiler heat");
  assert.deepEqual([...selection.hidden], ["oven heat"]);
});
