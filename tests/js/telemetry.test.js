import assert from "node:assert/strict";
import { test } from "node:test";
import { Telemetry } from "../../static/js/models/telemetry.js";
import { DeviceList } from "../../static/js/models/device_list.js";
import { CHARTS_LIMIT, CROWDED_FROM, Colours, LINES_LIMIT, chunkDevices, groupLines, spansOf } from "../../static/js/models/chart_groups.js";
import { orderCharts, withoutEmpty } from "../../static/js/models/chart_order.js";
import { Pace } from "../../static/js/models/pace.js";
import { shouldReload, noteOf } from "../../static/js/models/reload_guard.js";
import { axisLabel, readable, shortNumber, steppedNumber, withUnit } from "../../static/js/models/numbers.js";

const reading = (at, data = at, device = "boiler", metric = "temperature") => ({ device, metric, unit: "°C", at, data });
const past = (...points) => ({ device: "boiler", metric: "temperature", unit: "°C", bucket: 0, points });
const times = (points) => [...points.at.slice(0, points.length)];
const boiler = (telemetry) => telemetry.line("boiler", "temperature");

test("the past takes its place below what came live while it was fetched", () => {
  const telemetry = new Telemetry();
  telemetry.receive([reading(3)]);
  telemetry.expectHistory();
  telemetry.receive([reading(8), reading(10)]);
  telemetry.load([past([2, 2], [4, 4], [8, 8])], null);
  assert.deepEqual(times(boiler(telemetry).live), [2, 4, 8, 10]);
});

test("a line of which the window holds nothing is empty, of devices that were not asked for it stays", () => {
  const telemetry = new Telemetry();
  telemetry.receive([reading(3), reading(4, 4, "pump", "state")]);
  telemetry.load([], ["pump"]);
  assert.deepEqual(times(boiler(telemetry).live), [3]);
  assert.equal(telemetry.line("pump", "state").live.length, 0);
});

test("a new device or metric is noticed once", () => {
  const telemetry = new Telemetry();
  assert.equal(telemetry.receive([reading(1)]), true);
  assert.equal(telemetry.receive([reading(2)]), false);
  assert.equal(telemetry.receive([reading(2, 2, "boiler", "pressure")]), true);
});

test("what is no number is left out", () => {
  const telemetry = new Telemetry();
  assert.equal(telemetry.receive([reading(1, null), reading(null, 1), reading(1, "2")]), false);
});

test("the latest reading is the newest, whatever came last", () => {
  const telemetry = new Telemetry();
  telemetry.receive([reading(9, 90), reading(5, 50)]);
  assert.deepEqual([boiler(telemetry).at, boiler(telemetry).value], [9, 90]);
});

test("a held view stands still, counts what waits, and loses nothing", () => {
  const telemetry = new Telemetry();
  telemetry.receive([reading(1), reading(2)]);
  telemetry.hold();
  telemetry.receive([reading(3), reading(3), reading(4)]);
  assert.deepEqual(times(boiler(telemetry).points), [1, 2]);
  assert.equal(telemetry.waiting, 2);
  telemetry.loadHeld([past([0, 0], [1, 1], [2, 2])], null);
  assert.deepEqual(times(boiler(telemetry).points), [0, 1, 2]);
  telemetry.release();
  assert.deepEqual(times(boiler(telemetry).points), [1, 2, 3, 4]);
});

test("a reading that came too late for a thinned line asks for a fetch, once", () => {
  const telemetry = new Telemetry();
  telemetry.load([{ ...past([0, 1, 1, 1], [60, 1, 1, 1]), bucket: 60 }], null);
  telemetry.receive([reading(130)]);
  assert.equal(telemetry.takeBehind(), false);
  telemetry.receive([reading(70)]);
  assert.deepEqual([telemetry.takeBehind(), telemetry.takeBehind()], [true, false]);
});

test("what came while others' past was fetched is not taken for late", () => {
  const telemetry = new Telemetry();
  telemetry.load([{ ...past([0, 1, 1, 1], [60, 1, 1, 1]), bucket: 60 }], null);
  telemetry.expectHistory();
  telemetry.receive([reading(130), reading(140)]);
  telemetry.load([], ["pump"]);
  telemetry.receive([reading(150)]);
  assert.equal(telemetry.takeBehind(), false);
});

test("of very many lines only the shown ones keep their points", () => {
  const telemetry = new Telemetry();
  telemetry.receive(Array.from({ length: 400 }, (_, index) => reading(1, 1, `d${index}`)));
  const shown = telemetry.line("d7", "temperature");
  telemetry.follow([shown]);
  telemetry.receive([reading(2, 2, "d7"), reading(2, 2, "d8")]);
  assert.equal(shown.live.length, 2);
  assert.equal(telemetry.line("d8", "temperature").live.length, 0);
  assert.equal(telemetry.line("d8", "temperature").value, 2);
});

const line = (device, metric, unit = "") => ({ key: `${device}:${metric}`, device, metric, unit });

test("each unit has a chart of its own; without a unit each metric; the random feed stays alone", () => {
  const lines = [line("b", "t", "°C"), line("b", "value"), line("random", "value"), line("a", "t", "°C"), line("a", "on")];
  const { charts, shown, total } = groupLines(lines, { slugs: ["random", "a", "b"] });
  assert.deepEqual(
    charts.map(({ lines }) => lines.map(({ key }) => key)),
    [["random:value"], ["a:on"], ["a:t", "b:t"], ["b:value"]],
  );
  assert.deepEqual([shown, total], [5, 5]);
});

test("charts and lines are bounded, and the rest is counted", () => {
  const many = Array.from({ length: 60 }, (_, index) => line(`d${index}`, "t", "°C"));
  const units = Array.from({ length: 20 }, (_, index) => line("d0", `m${index}`, `u${index}`));
  const { charts, shown, total } = groupLines([...many, ...units], { slugs: many.map(({ device }) => device) });
  assert.equal(charts.length, CHARTS_LIMIT);
  assert.equal(Math.max(...charts.map(({ lines }) => lines.length)), LINES_LIMIT);
  assert.deepEqual([shown, total], [LINES_LIMIT + CHARTS_LIMIT - 1, 80]);
});

test("charts fill their rows, whatever their number", () => {
  const charts = (...counts) => counts.map((length) => ({ lines: Array.from({ length }) }));
  assert.deepEqual(spansOf(charts(1)), [6]);
  assert.deepEqual(spansOf(charts(1, 1)), [4, 2]);
  assert.deepEqual(spansOf(charts(1, 1, 1)), [4, 2, 2]);
  assert.deepEqual(spansOf(charts(1, 1, 1, 1)), [4, 2, 2, 6]);
  assert.deepEqual(spansOf(charts(1, 1, 1, 1, 1)), [4, 2, 2, 3, 3]);
  assert.deepEqual(spansOf(charts(1, 1, 1, 1, 1, 1, 1, CROWDED_FROM)), [4, 2, 2, 2, 2, 2, 6, 6]);
  assert.deepEqual(spansOf(charts(1, CROWDED_FROM)), [6, 6]);
  assert.deepEqual(spansOf(charts(1, 1, CROWDED_FROM, 1, 1)), [4, 2, 6, 3, 3]);
  assert.deepEqual(spansOf(charts(1, CROWDED_FROM, 1, 1, 1, 1)), [6, 6, 2, 2, 2, 6]);
});

function ordered(lines, { silent = [], rates = {}, isRandomLast = false } = {}) {
  const { charts } = groupLines(lines, { slugs: [...new Set(lines.map(({ device }) => device))] });
  const isHeard = ({ key }) => !silent.includes(key);
  const rateOf = ({ device }) => rates[device] ?? 1;
  return orderCharts(charts, { isHeard, rateOf, isRandomLast }).map(({ key }) => key);
}

test("charts stand in the order of their units, the random feed first, those without readings last", () => {
  const lines = [line("b", "p", "W"), line("random", "value"), line("a", "t", "°C"), line("a", "flow")];
  assert.deepEqual(ordered(lines), ["random", "unit °C", "metric flow", "unit W"]);
  assert.deepEqual(ordered(lines, { silent: ["a:t"] }), ["random", "metric flow", "unit W", "unit °C"]);
  assert.deepEqual(ordered(lines.filter(({ device }) => device === "a"), { silent: ["a:t"] }), ["metric flow", "unit °C"]);
});

test("the random feed makes way for people's own devices, the liveliest of which is first", () => {
  const lines = [line("random", "value"), line("host", "load"), line("a", "t", "°C"), line("b", "p", "W")];
  const rates = { host: 9, b: 2 };
  const isRandomLast = true;
  assert.deepEqual(ordered(lines, { rates, isRandomLast }), ["unit W", "unit °C", "metric load", "random"]);
  const silent = ["b:p"];
  assert.deepEqual(ordered(lines, { rates, isRandomLast, silent }), ["unit °C", "metric load", "unit W", "random"]);
  assert.deepEqual(ordered(lines.slice(0, 1), { isRandomLast }), ["random"]);
});

test("on a wall charts without a reading are left out, unless none has one", () => {
  const charts = [{ lines: [line("a", "t")] }, { lines: [line("b", "t"), line("b", "p")] }];
  assert.deepEqual(withoutEmpty(charts, ({ key }) => key === "b:p"), [charts[1]]);
  assert.deepEqual(withoutEmpty(charts, () => false), charts);
});

test("crowded charts stand behind the others, but the first stays first", () => {
  const many = (metric, unit) => Array.from({ length: CROWDED_FROM }, (_, index) => line(`d${index}`, metric, unit));
  const lines = [...many("a", "A"), ...many("b", "B"), line("d0", "c", "C")];
  assert.deepEqual(ordered(lines), ["unit A", "unit C", "unit B"]);
});

test("only chosen devices are shown", () => {
  const lines = [line("a", "t", "°C"), line("b", "t", "°C")];
  const { charts } = groupLines(lines, { slugs: ["a", "b"], devices: ["b"] });
  assert.deepEqual(charts.map(({ lines }) => lines.map(({ device }) => device)), [["b"]]);
});

test("a line keeps its colour when others come and go", () => {
  const colours = new Colours();
  assert.deepEqual(["a", "b", "c"].map((key) => colours.of(key)), [0, 1, 2]);
  colours.keep(["b", "c"]);
  assert.deepEqual(["b", "c", "d"].map((key) => colours.of(key)), [1, 2, 0]);
});

test("requests stay below the server's limit of series", () => {
  const counts = { a: 60, b: 60, c: 10, d: 300 };
  assert.deepEqual(chunkDevices(["a", "b", "c", "d"], (device) => counts[device], 100), [["a"], ["b", "c"], ["d"]]);
});

function devicesOf(...devices) {
  const list = new DeviceList();
  list.load(devices);
  return list;
}

test("a device is silent beyond two and a half intervals", () => {
  const list = devicesOf({ device: "boiler", name: "Boiler", interval: 10, state: "online", at: 0, metrics: [] });
  assert.equal(list.stateOf("boiler", 1_000, 26_000), "online");
  assert.equal(list.stateOf("boiler", 1_000, 26_001), "silent");
  assert.equal(list.stateOf("boiler", null, 26_001), "never");
});

test("only a device's own lines tell when it was heard", () => {
  const list = devicesOf({ device: "boiler", name: "Boiler", interval: 10, state: "online", at: 5, metrics: [] });
  const lines = [{ device: "boiler", at: 7 }, { device: "boiler", at: null }, { device: "random", at: 99 }];
  assert.equal(list.newestAt("boiler", lines), 7);
  assert.equal(list.newestAt("boiler", lines.slice(1)), 5);
  assert.equal(list.newestAt("random", []), null);
});

test("where nobody knows the interval ten minutes are assumed, as by the server", () => {
  const list = devicesOf({ device: "new", name: "New", interval: null, state: "online", at: 5, metrics: [] });
  assert.equal(list.stateOf("new", 5, 1_500_005), "online");
  assert.equal(list.stateOf("new", 5, 1_500_006), "silent");
  assert.equal(list.stateOf("new", 6, 1_500_006), "online");
});

test("ours come first, the others by name, also those only heard of", () => {
  const list = devicesOf({ device: "host", name: "host" }, { device: "b10", name: "B 10" }, { device: "b9", name: "b 9" });
  assert.deepEqual(list.slugs(["random", "zzz"]), ["random", "host", "b9", "b10", "zzz"]);
});

test("pictures come as fast as one sees them move, and drawing stays a small part of the time", () => {
  const pace = new Pace();
  assert.equal(pace.intervalMs(60_000), 100);
  assert.equal(pace.intervalMs(86_400_000), 500);
  for (let count = 0; count < 50; count += 1) pace.drew(40);
  assert.ok(Math.abs(pace.intervalMs(60_000) - 1_000) < 1);
});

test("a kiosk takes another version once, and tries the same again only after ten minutes", () => {
  const asked = { own: "a", version: "b", last: null, nowMs: 0 };
  assert.equal(shouldReload(asked), true);
  assert.equal(shouldReload({ ...asked, version: "a" }), false);
  assert.equal(shouldReload({ ...asked, version: "" }), false);
  assert.equal(shouldReload({ ...asked, own: "" }), false);
  assert.equal(shouldReload({ ...asked, last: noteOf("b", 0), nowMs: 599_999 }), false);
  assert.equal(shouldReload({ ...asked, last: noteOf("b", 0), nowMs: 600_000 }), true);
  assert.equal(shouldReload({ ...asked, version: "c", last: noteOf("b", 0), nowMs: 1 }), true);
});

test("numbers are as short as their size allows", () => {
  assert.deepEqual([42, 21.456, 0.012345, 101.325, 1_013_250].map(shortNumber), ["42", "21.46", "0.0123", "101.3", "1,013,250"]);
  assert.equal(shortNumber(1.23e-9), "1.23e-9");
  assert.deepEqual(readable(12_345_678, "B/s"), ["12.35", "MB/s"]);
  assert.equal(withUnit(21.5, "°C"), "21.5\u00a0°C");
  assert.equal(withUnit(40, "%"), "40%");
  assert.equal(withUnit(40, ""), "40");
  assert.deepEqual([steppedNumber(1013.2, 0.2), steppedNumber(1013.25, 0.05), steppedNumber(40, 20)], ["1,013.2", "1,013.25", "40"]);
  const watts = [11_520, 11_525, 11_530];
  assert.deepEqual(watts.map((value) => axisLabel(value, watts, "W")), ["11.52\u00a0kW", "11.525\u00a0kW", "11.53\u00a0kW"]);
  assert.equal(axisLabel(500, [0, 500, 1000], "W"), "0.5\u00a0kW");
  assert.equal(axisLabel(0.5, [0, 0.5, 1], "°C"), "0.5");
});
