import assert from "node:assert/strict";
import { test } from "node:test";
import { MomentReader } from "../../static/js/moment_reader.js";
import { Points } from "../../static/js/models/points.js";
import { momentOf, momentUrl, panelOf, readMessageHash, readMomentHash, settledAt, valueAt } from "../../static/js/models/moment.js";
import { momentText } from "../../static/js/moment_words.js";

const AT = 1_763_690_000_000;
const moment = (at = AT, metric = "temperature") => ({ device: "boiler", metric, at });
const pointsOf = (points, bucket = 0) => Points.fromHistory({ bucket, points });
const series = { device: "boiler", metric: "temperature", unit: "°C", bucket: 0, points: [[AT, 71.2]] };

test("what is no moment is none, and of one nothing else is kept", () => {
  assert.deepEqual(momentOf({ ...moment(), value: 7 }), moment());
  for (const about of [null, undefined, 7, {}, { ...moment(), at: "1" }, { ...moment(), metric: 1 }]) assert.equal(momentOf(about), null);
});

test("a moment's address shows the five minutes around it, and says which moment is meant", () => {
  const named = moment(AT, "a~b & c");
  const url = new URL(momentUrl("/two/", named), "http://page");
  assert.equal(url.pathname + url.search, `/two/device/boiler/?from=${AT - 150_000}&to=${AT + 150_000}`);
  assert.deepEqual(readMomentHash(url.hash, "boiler", "moment"), named);
  assert.equal(readMomentHash(url.hash, "boiler"), null);
});

test("an address names a moment of the page's device, whatever its metric is called", () => {
  assert.deepEqual(readMomentHash(`#about=temperature~${AT}`, "boiler"), moment());
  assert.deepEqual(readMomentHash(`#about=${encodeURIComponent("a~b & c")}~${AT}`, "boiler"), moment(AT, "a~b & c"));
  for (const hash of ["", "#room", "#about=", "#about=temperature", "#about=~5", "#about=t~x", "#about=t~", "#about=t~1.5"])
    assert.equal(readMomentHash(hash, "boiler"), null, hash);
  assert.equal(readMomentHash(`#about=temperature~${AT}`, ""), null);
});

test("an address is about the chart, the room, or neither", () => {
  const addresses = { chart: ["", "#chart", "#moment=speed~5"], room: ["#room", "#about=speed~5", "#message-17"], "": ["#main", "#rooms", "#constructor"] };
  for (const [panel, hashes] of Object.entries(addresses)) for (const hash of hashes) assert.equal(panelOf(hash), panel, hash);
});

test("an address names a message", () => {
  assert.equal(readMessageHash("#message-17"), 17);
  for (const hash of ["", "#message-", "#message-x", "#message-1x", "#room"]) assert.equal(readMessageHash(hash), 0, hash);
});

test("the value of a moment is that of the reading nearest to it, if one is near", () => {
  const points = pointsOf([[AT - 4_000, 1], [AT + 1_000, 2]]);
  assert.equal(valueAt(points, moment()), 2);
  assert.equal(valueAt(points, moment(AT - 3_000)), 1);
  assert.equal(valueAt(points, moment(AT + 60_000)), null);
  assert.equal(valueAt(new Points(), moment()), null);
  assert.equal(valueAt(pointsOf([[AT - 50_000, 3]], 60_000), moment()), 3);
});

test("a moment in words has its value, its unit and its time; of another day also the day", () => {
  assert.match(momentText({ ...moment(), name: "boiler", value: 71.2, unit: "°C" }, AT), /^boiler · temperature 71.2\u00a0°C at \d\d:\d\d:\d\d$/u);
  assert.match(momentText({ ...moment(), name: "boiler" }, AT), /^boiler · temperature at \d\d:\d\d:\d\d$/u);
  assert.match(momentText({ ...moment(), name: "boiler" }, AT + 3 * 86_400_000), /Nov/u);
});

/** Answers when told to; counts what is asked at once. */
class SlowApi {
  asked = [];
  atOnce = 0;
  most = 0;

  readings(range) {
    this.asked.push(range);
    this.atOnce += 1;
    this.most = Math.max(this.most, this.atOnce);
    return new Promise((resolve) => setImmediate(resolve)).then(() => {
      this.atOnce -= 1;
      if (this.isDown) throw new Error("away");
      return [series];
    });
  }
}

test("a moment is asked for once, with its five minutes", async () => {
  const api = new SlowApi();
  const reader = new MomentReader(api);
  const [read, again] = await Promise.all([reader.read(moment()), reader.read(moment())]);
  assert.equal(read, again);
  assert.deepEqual([read.value, read.unit, read.points.length], [71.2, "°C", 1]);
  await reader.read(moment());
  assert.deepEqual(api.asked, [{ devices: ["boiler"], metrics: ["temperature"], since: AT - 150_000, until: AT + 150_001 }]);
});

test("a fresh moment is asked for once more when its five minutes are over", async () => {
  const api = new SlowApi();
  let nowMs = AT;
  const reader = new MomentReader(api, () => nowMs);
  await reader.read(moment());
  nowMs = settledAt(moment()) - 1;
  await reader.read(moment());
  assert.equal(api.asked.length, 1);
  nowMs += 1;
  await reader.read(moment());
  await reader.read(moment());
  assert.equal(api.asked.length, 2);
});

test("a few moments are asked for at a time, and not all answers are kept", async () => {
  const api = new SlowApi();
  const reader = new MomentReader(api);
  await Promise.all(Array.from({ length: 300 }, (_, index) => reader.read(moment(AT + index))));
  assert.deepEqual([api.asked.length, api.most], [300, 3]);
  await reader.read(moment(AT + 299));
  assert.equal(api.asked.length, 300);
  await reader.read(moment(AT));
  assert.equal(api.asked.length, 301);
});

test("what could not be fetched is nothing, and may be asked for again", async () => {
  const api = new SlowApi();
  const reader = new MomentReader(api);
  api.isDown = true;
  assert.equal(await reader.read(moment()), null);
  api.isDown = false;
  assert.equal((await reader.read(moment())).value, 71.2);
});
