import assert from "node:assert/strict";
import { test } from "node:test";
import { POINTS_LIMIT, Points, SLOTS } from "../../static/js/models/points.js";
import { gapMs } from "../../static/js/models/device_list.js";
import { newestDotPath, sparklinePath } from "../../static/js/models/sparkline.js";

function pointsOf(...times) {
  const points = new Points();
  times.forEach((at) => points.add(at, at % 101));
  return points;
}
const times = (points) => [...points.at.slice(0, points.length)];
const values = (points) => [...points.mean.slice(0, points.length)];

test("late readings fall in their place, doubles are dropped, the first value stays", () => {
  const points = pointsOf(2, 8, 4, 6);
  assert.equal(points.add(4, 99), false);
  assert.deepEqual(times(points), [2, 4, 6, 8]);
  assert.deepEqual(values(points), [2, 4, 6, 8]);
});

test("room grows as needed, also for a late one", () => {
  const points = pointsOf(...Array.from({ length: 100 }, (_, index) => 2 * index));
  points.add(51, 1);
  assert.equal(points.length, 101);
  assert.deepEqual(times(points).slice(25, 28), [50, 51, 52]);
});

test("what overflows is thinned: bounded whatever the rate, with every spike kept", () => {
  const points = new Points();
  for (let at = 0; at < 20 * POINTS_LIMIT; at += 1) points.add(at, at === 777 ? 1_000 : at % 10);
  assert.ok(points.length <= POINTS_LIMIT);
  assert.ok(points.length >= SLOTS / 2);
  const summary = points.summary(0, 1e9);
  assert.deepEqual([summary.min, summary.max, summary.count], [0, 1_000, 20 * POINTS_LIMIT]);
  assert.ok(Math.abs(summary.mean - (4.5 + 993 / (20 * POINTS_LIMIT))) < 1e-6);
});

test("buckets of the past take in what comes live behind them", () => {
  const points = Points.fromHistory({ bucket: 10, points: [[0, 5, 1, 9], [10, 6, 2, 8]] }, 3);
  points.add(15, 10);
  points.add(21, 7);
  assert.deepEqual(times(points), [0, 10, 20]);
  assert.deepEqual([points.mean[1], points.low[1], points.high[1]], [7, 2, 10]);
});

test("a late or repeated reading is not folded in twice; a late one asks for a fetch", () => {
  const points = Points.fromHistory({ bucket: 10, points: [[0, 5, 1, 9]] });
  points.add(12, 3);
  assert.equal(points.add(12, 3), false);
  assert.equal(points.isBehind, false);
  assert.equal(points.add(11, 4), false);
  assert.equal(points.isBehind, true);
});

test("what has left the picture is forgotten, but for the point from which the line enters", () => {
  const points = pointsOf(1, 2, 3, 4, 5);
  points.dropBefore(4);
  assert.deepEqual(times(points), [3, 4, 5]);
  points.dropBefore(100);
  assert.deepEqual(times(points), [5]);
});

test("a summary has min, mean and max of its range, and nothing has none", () => {
  const points = pointsOf(10, 20, 60, 90);
  assert.deepEqual(points.summary(10, 60), { min: 10, mean: 30, max: 60, count: 3 });
  assert.equal(points.summary(61, 89), null);
});

test("a copy goes its own way", () => {
  const points = pointsOf(1, 2);
  const copy = points.clone();
  points.add(3, 3);
  copy.add(4, 4);
  assert.deepEqual([times(points), times(copy)], [[1, 2, 3], [1, 2, 4]]);
});

test("a line breaks after two and a half intervals, or where a bucket is missing", () => {
  assert.equal(gapMs(new Points(), 2_000), 5_000);
  assert.equal(gapMs(new Points(), 0), Infinity);
  assert.equal(gapMs(pointsOf(0, 10, 20, 30, 500), 0), 25);
  const buckets = Points.fromHistory({ bucket: 60, points: [[0, 1, 1, 1], [60, 1, 1, 1], [120, 1, 1, 1], [300, 1, 1, 1]] });
  assert.equal(gapMs(buckets, 2), 90);
  assert.equal(gapMs(buckets, 100), 250);
});

test("a metric that comes less often than its device is not cut into dots", () => {
  assert.equal(gapMs(pointsOf(0, 60, 120, 180), 2), 150);
});

const SPARK = { from: 0, to: 60, gapMs: 25, width: 60, height: 100, scale: [0, 100] };

test("a spark line stands where its times are and breaks at an outage", () => {
  const points = new Points();
  [[0, 5], [40, 0], [60, 100]].forEach(([at, value]) => points.add(at, value));
  assert.equal(sparklinePath(points, SPARK), "M0.0 95.0M40.0 100.0L60.0 0.0");
  assert.equal(newestDotPath(points, SPARK), "M60.0 0.0h0");
});

test("a spark line without bounds fills its box, and a constant one lies in the middle", () => {
  const points = new Points();
  [[0, 20], [20, 30]].forEach(([at, value]) => points.add(at, value));
  assert.equal(sparklinePath(points, { ...SPARK, scale: null }), "M0.0 100.0L20.0 0.0");
  points.dropBefore(20);
  assert.equal(sparklinePath(points, { ...SPARK, from: 20, to: 80, scale: null }), "M0.0 50.0");
});

test("no points draw no line", () => {
  assert.equal(sparklinePath(new Points(), SPARK), "");
  assert.equal(newestDotPath(new Points(), SPARK), "");
});
