import assert from "node:assert/strict";
import { test } from "node:test";
import { POINTS_LIMIT, SPAN_LIMIT_MS, SeriesWindow, mergePoints, summarise } from "../../static/js/models/series.js";
import { newestDotPath, sparklinePath } from "../../static/js/models/sparkline.js";
import { timeTicks } from "../../static/js/models/time_ticks.js";

const points = (...times) => times.map((at) => [at, at % 101]);
const times = (series, spanMs = 1e9) => series.view(spanMs).map(([at]) => at);

test("past and present are joined by time, doubles dropped, the first value kept", () => {
  const merged = mergePoints([[2, 20], [4, 40]], [[3, 30], [2, 99], [1, 10]]);
  assert.deepEqual(merged, [[1, 10], [2, 20], [3, 30], [4, 40]]);
});

test("a fetched past falls in place below what came live meanwhile", () => {
  const series = new SeriesWindow(points(8));
  series.add(points(10));
  assert.equal(series.add(points(2, 4, 6, 8, 10)), 3);
  assert.deepEqual(times(series), [2, 4, 6, 8, 10]);
});

test("the same reading twice is one reading", () => {
  const series = new SeriesWindow(points(2, 4));
  assert.equal(series.add(points(4)), 0);
});

test("the right edge is the newest reading, not the viewer's clock", () => {
  const series = new SeriesWindow(points(1_000, 61_000, 62_000));
  assert.equal(series.edge, 62_000);
  assert.deepEqual(times(series, 60_000), [61_000, 62_000]);
  assert.deepEqual(times(series, 61_000), [1_000, 61_000, 62_000]);
});

test("a series never grows beyond its bounds", () => {
  const series = new SeriesWindow();
  series.add(Array.from({ length: 3 * POINTS_LIMIT }, (_, index) => [index, 1]));
  assert.equal(times(series).length, POINTS_LIMIT);
  series.add(points(10 * SPAN_LIMIT_MS));
  assert.deepEqual(times(series), [10 * SPAN_LIMIT_MS]);
});

test("pausing holds the view still and counts what waits", () => {
  const series = new SeriesWindow(points(2, 4));
  series.pause();
  series.add(points(6));
  series.add(points(8, 10));
  assert.deepEqual(times(series), [2, 4]);
  assert.equal(series.edge, 4);
  assert.equal(series.waiting, 3);
});

test("a past that arrives during a pause still fills the held view", () => {
  const series = new SeriesWindow(points(4));
  series.pause();
  series.add(points(2, 4, 6));
  assert.deepEqual(times(series), [2, 4]);
  assert.equal(series.waiting, 1);
});

test("resuming shows everything that waited", () => {
  const series = new SeriesWindow(points(2));
  series.pause();
  series.add(points(4, 6));
  series.resume();
  assert.deepEqual(times(series), [2, 4, 6]);
  assert.equal(series.waiting, 0);
});

test("a held view outlives the bounds of the live one", () => {
  const series = new SeriesWindow(points(2, 4));
  series.pause();
  series.add(points(2 * SPAN_LIMIT_MS));
  assert.deepEqual(times(series, 10), [2, 4]);
});

test("a link to a paused moment holds that moment, never one in the future", () => {
  const series = new SeriesWindow(points(2, 4, 6));
  series.pause(4);
  assert.deepEqual(times(series), [2, 4]);
  assert.equal(series.waiting, 1);
  series.resume();
  series.pause(999);
  assert.equal(series.edge, 6);
});

test("a summary has min, mean and max, and nothing has none", () => {
  assert.deepEqual(summarise([[1, 10], [2, 20], [3, 60]]), { min: 10, mean: 30, max: 60 });
  assert.equal(summarise([]), null);
});

const SPARK = { spanMs: 60, gapMs: 5, width: 60, height: 100 };

test("a sparkline ends at the right edge and breaks at an outage", () => {
  const path = sparklinePath([[0, 5], [40, 0], [42, 50], [58, 50], [60, 100]], SPARK);
  assert.equal(path, "M0.00 95.00M40.00 100.00L42.00 50.00M58.00 50.00L60.00 0.00");
});

test("no points draw no line", () => {
  assert.equal(sparklinePath([], SPARK), "");
  assert.equal(newestDotPath([], SPARK), "");
});

test("the newest point is a dot at the right edge", () => {
  assert.equal(newestDotPath([[0, 5], [60, 100]], SPARK), "M60.00 0.00h0");
});

test("ticks stand at round times and leave each other room", () => {
  assert.deepEqual(timeTicks(61_000, 121_000, 6), [70_000, 80_000, 90_000, 100_000, 110_000, 120_000]);
  assert.deepEqual(timeTicks(61_000, 121_000, 3), [80_000, 100_000, 120_000]);
  assert.deepEqual(timeTicks(0, 900_000, 4), [0, 300_000, 600_000, 900_000]);
});
