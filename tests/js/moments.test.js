import assert from "node:assert/strict";
import { test } from "node:test";
import { LINE_PINS_LIMIT, Moments } from "../../static/js/models/moments.js";
import { OpenAlarms } from "../../static/js/models/open_alarms.js";
import { GROUPS_LIMIT, LISTED, PinGroups, gatherPins, nearMs } from "../../static/js/models/pin_groups.js";
import { Points } from "../../static/js/models/points.js";
import { MomentsLoader } from "../../static/js/moments_loader.js";
import { walk } from "../../static/js/models/walk.js";

const KEY = "boiler:temperature";

function pin(id, at, { count = 1, until = at, room = "device-boiler", device = "boiler" } = {}) {
  const message = { id, type: "text", username: "anna", text: `number ${id}`, datetime: "2026-01-01T00:00:00Z" };
  return { device, metric: "temperature", at, until, count, room, message };
}

function alarm(id, more = {}) {
  return { id, device: "boiler", metric: "temperature", raised: 10 * id, cleared: null, acknowledged: null, ...more };
}

const idsOf = (moments) => moments.pinsOf(KEY).map(({ message }) => message.id);
const told = (one) => ({ type: "pin", pin: one });

test("pins stand by time, each once, however they came", () => {
  const moments = new Moments();
  moments.load({ pins: [pin(1, 10), pin(3, 30)], alarms: [] });
  assert.equal(moments.receive(told(pin(2, 20))), true);
  assert.equal(moments.receive(told(pin(2, 20))), false);
  assert.deepEqual(idsOf(moments), [1, 2, 3]);
  assert.equal(moments.receive(told(pin(2, 20, { room: "elsewhere" }))), true);
});

test("what comes while the past is on its way is neither lost nor doubled", () => {
  const moments = new Moments();
  moments.expect();
  moments.receive(told(pin(5, 50)));
  moments.receive(told(pin(6, 60)));
  moments.receive({ type: "unpin", room: "device-boiler", id: 1 });
  moments.load({ pins: [pin(1, 10), pin(5, 50)], alarms: [] });
  assert.deepEqual(idsOf(moments), [5, 6]);
});

test("a gathered pin counts what was said before it was asked for", () => {
  const moments = new Moments();
  moments.expect();
  moments.receive(told(pin(7, 15)));
  moments.load({ pins: [pin(8, 10, { until: 20, count: 40 })], alarms: [] });
  assert.deepEqual(idsOf(moments), [8]);
  moments.receive(told(pin(9, 15)));
  assert.deepEqual(idsOf(moments), [8, 9]);
});

test("a deleted message takes its pin along; of a gathered one the window is asked for again", () => {
  const moments = new Moments();
  moments.load({ pins: [pin(1, 10), pin(8, 30, { until: 40, count: 3 })], alarms: [] });
  assert.equal(moments.receive({ type: "unpin", room: "device-boiler", id: 1 }), true);
  assert.equal(moments.takeBehind(), false);
  assert.equal(moments.receive({ type: "unpin", room: "device-boiler", id: 9 }), false);
  assert.equal(moments.takeBehind(), false);
  moments.receive({ type: "unpin", room: "device-boiler", id: 7 });
  assert.equal(moments.takeBehind(), true);
  assert.equal(moments.takeBehind(), false);
});

test("a line keeps its latest pins, never more than the limit", () => {
  const moments = new Moments();
  for (let id = 1; id <= LINE_PINS_LIMIT + 5; id += 1) moments.receive(told(pin(id, id)));
  assert.equal(moments.pinsOf(KEY).length, LINE_PINS_LIMIT);
  assert.equal(moments.pinsOf(KEY)[0].message.id, 6);
});

test("an alarm that is over stays over when an older telling arrives late", () => {
  const moments = new Moments();
  moments.load({ pins: [], alarms: [alarm(1)] });
  moments.receive({ type: "alarm", alarm: alarm(1, { cleared: 90, acknowledged: { by: "anna", at: 50 } }) });
  moments.receive({ type: "alarm", alarm: alarm(1) });
  assert.deepEqual(moments.alarmsOf([KEY]), [alarm(1, { cleared: 90, acknowledged: { by: "anna", at: 50 } })]);
  assert.deepEqual(moments.alarmsOf(["pump:temperature"]), []);
});

test("open alarms are those that are not over, newest first", () => {
  const open = new OpenAlarms();
  open.expect();
  assert.equal(open.receive(alarm(3)), true);
  assert.equal(open.receive(alarm(3)), false);
  assert.deepEqual(open.load([alarm(1), alarm(2, { device: "pump" })]).map(({ id }) => id), [2, 1]);
  assert.deepEqual(open.list().map(({ id }) => id), [3, 2, 1]);
  assert.deepEqual(open.list("pump").map(({ id }) => id), [2]);
  open.receive(alarm(3, { cleared: 99 }));
  assert.equal(open.receive(alarm(3)), false);
  assert.deepEqual(open.list().map(({ id }) => id), [2, 1]);
});

test("near pins are one flag with a count and the latest words", () => {
  const pins = [pin(1, 0), pin(2, 17), pin(3, 18), ...Array.from({ length: 9 }, (_, index) => pin(10 + index, 100 + index))];
  const groups = gatherPins(pins, 18);
  assert.deepEqual(groups.map(({ at, until, count }) => [at, until, count]), [[0, 17, 2], [18, 18, 1], [100, 108, 9]]);
  assert.deepEqual(groups[0].latest.map(({ message }) => message.id), [2, 1]);
  assert.equal(groups[2].latest.length, LISTED);
});

test("a chart has no more flags than it can carry, and flags stay while the picture moves", () => {
  const moments = new Moments();
  const pins = Array.from({ length: 900 }, (_, index) => pin(index, index * 100));
  moments.load({ pins, alarms: [] });
  const groups = new PinGroups(moments);
  groups.setLines([KEY]);
  const shown = groups.within({ from: 0, to: 90_000 }, 9_000);
  assert.ok(shown.length <= GROUPS_LIMIT + 1, String(shown.length));
  assert.equal(shown.reduce((sum, { count }) => sum + count, 0), 900);
  const later = groups.within({ from: 9_000, to: 99_000 }, 9_000);
  assert.ok(later.every((group) => shown.includes(group)));
  moments.receive(told(pin(1_000, 98_000)));
  assert.equal(groups.within({ from: 9_000, to: 99_000 }, 9_000).at(-1).at, 98_000);
  groups.setLines([]);
  assert.deepEqual(groups.within({ from: 0, to: 99_000 }, 9_000), []);
});

test("flags are at least their width apart", () => {
  assert.equal(nearMs(60_000, 600), 1_800);
  assert.equal(nearMs(60_000, 6_000), 60_000 / GROUPS_LIMIT);
});

test("the keys walk from point to point and from line to line, within what is shown", () => {
  const points = (...times) => Points.fromHistory({ bucket: 0, points: times.map((at) => [at, at]) });
  const lines = [
    { key: "a", points: points(0, 10, 20, 30) },
    { key: "b", points: points(12, 24) },
    { key: "empty", points: points() },
  ];
  const range = { from: 5, to: 25 };
  assert.deepEqual(walk(null, "ArrowLeft", lines, range), { key: "a", at: 20 });
  assert.deepEqual(walk({ key: "a", at: 20 }, "ArrowLeft", lines, range), { key: "a", at: 10 });
  assert.deepEqual(walk({ key: "a", at: 10 }, "ArrowLeft", lines, range), { key: "a", at: 10 });
  assert.deepEqual(walk({ key: "a", at: 20 }, "ArrowRight", lines, range), { key: "a", at: 20 });
  assert.deepEqual(walk({ key: "a", at: 10 }, "ArrowDown", lines, range), { key: "b", at: 12 });
  assert.deepEqual(walk({ key: "b", at: 24 }, "ArrowDown", lines, range), { key: "a", at: 20 });
  assert.deepEqual(walk({ key: "a", at: 10 }, "End", lines, range), { key: "a", at: 20 });
  assert.deepEqual(walk({ key: "a", at: 20 }, "Home", lines, range), { key: "a", at: 10 });
  assert.equal(walk(null, "ArrowLeft", [lines[2]], range), null);
});

test("few devices are named in the request, of many all are asked for: an address has its limits", async () => {
  const asked = [];
  const api = { moments: async ({ devices }) => asked.push(devices) && { pins: [], alarms: [] } };
  const loader = new MomentsLoader({ api, moments: new Moments(), openAlarms: new OpenAlarms(), clock: { nowMs: () => 0 } });
  const view = { wish: 1, isHeld: false, range: () => ({ from: 0, to: 1 }) };
  const many = Array.from({ length: 51 }, (_, number) => `sim-${number}`);
  for (const devices of [null, ["boiler"], many]) await loader.loadWindow(view, devices);
  assert.deepEqual(asked, [null, ["boiler"], null]);
});
