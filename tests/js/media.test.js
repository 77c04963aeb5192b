import assert from "node:assert/strict";
import { test } from "node:test";
import { RECORDING_MAX_MS, elapsedText, loudness, microphoneProblem, recordingFormat } from "../../static/js/models/recording.js";
import { ACCEPTED, MAX_WAITING, UploadQueue, kindOf, refusalOf, sizeText } from "../../static/js/models/uploads.js";

const MIB = 1024 * 1024;
const LIMIT = 32 * MIB;
const file = (type, { name = "a", size = 1 } = {}) => ({ type, name, size });

test("what a file is follows from its type", () => {
  assert.equal(kindOf(file("image/png")), "image");
  assert.equal(kindOf(file("video/mp4")), "video");
  assert.equal(kindOf(file("audio/mpeg")), "voice");
  assert.equal(kindOf(file("Audio/WebM; codecs=opus")), "voice");
});

for (const type of ["", "image/svg+xml", "text/html", "application/pdf", "image/avif", "toString"]) {
  test(`a file of type ${JSON.stringify(type)} is refused before it is sent`, () => {
    assert.equal(kindOf(file(type)), null);
    assert.match(refusalOf(file(type), LIMIT), /cannot be sent/);
    assert.ok(!ACCEPTED.split(",").includes(type));
  });
}

test("an empty file and one that is too big are refused, one that just fits is not", () => {
  assert.match(refusalOf(file("image/png", { size: 0 }), LIMIT), /is empty/);
  assert.match(refusalOf(file("image/png", { size: LIMIT + 1 }), LIMIT), /has 32\.1 MB; at most 32 MB fit/);
  assert.equal(refusalOf(file("image/png", { size: LIMIT }), LIMIT), "");
});

test("a file's name in a sentence is short and keeps its direction to itself", () => {
  const refusal = refusalOf(file("", { name: `\u202e${"x".repeat(300)}` }), LIMIT);
  assert.match(refusal, /“\u2068\u202ex{59}…\u2069”/u);
});

test("a size is never rounded down", () => {
  assert.deepEqual([1, MIB, 1.05 * MIB, 45 * MIB].map(sizeText), ["0.1 MB", "1 MB", "1.1 MB", "45 MB"]);
});

test("one upload is on its way at a time, in the order they were chosen", () => {
  const queue = new UploadQueue();
  ["a", "b", "c"].forEach((clientId) => queue.add({ clientId }));
  assert.equal(queue.begin().clientId, "a");
  assert.equal(queue.begin(), null);
  queue.remove("b");
  assert.equal(queue.begin(), null);
  queue.remove("a");
  assert.equal(queue.begin().clientId, "c");
  queue.remove("c");
  assert.equal(queue.begin(), null);
});

test("as many may wait as may, the one on its way included", () => {
  const queue = new UploadQueue();
  for (let number = 0; number < MAX_WAITING; number += 1) assert.ok(queue.add({ clientId: number }));
  assert.ok(!queue.add({ clientId: "one more" }));
  queue.begin();
  assert.equal(queue.free, 0);
  queue.remove(0);
  assert.equal(queue.free, 1);
  assert.ok(queue.add({ clientId: "one more" }));
});

test("a recording has the first format that the browser makes", () => {
  assert.deepEqual(recordingFormat(() => true), { type: "audio/webm;codecs=opus", name: "voice-message.webm" });
  assert.deepEqual(recordingFormat((type) => type === "audio/mp4"), { type: "audio/mp4", name: "voice-message.m4a" });
  assert.equal(recordingFormat(() => false), null);
});

test("each format of a recording may be sent", () => {
  for (const wanted of ["audio/webm;codecs=opus", "audio/ogg;codecs=opus", "audio/mp4"]) {
    assert.equal(kindOf(recordingFormat((type) => type === wanted)), "voice");
  }
});

test("elapsed time reads as minutes and seconds and ends with the longest recording", () => {
  assert.deepEqual([-1, 0, 7_999, 60_000, 299_999].map(elapsedText), ["0:00", "0:00", "0:07", "1:00", "4:59"]);
  assert.equal(elapsedText(RECORDING_MAX_MS + 60_000), "5:00");
});

test("each way for a microphone to fail has its sentence", () => {
  const names = ["NotAllowedError", "NotFoundError", "NotReadableError", "AnythingElse"];
  assert.equal(new Set(names.map(microphoneProblem)).size, names.length);
});

test("silence is 0, the loudest is 1, and louder is more", () => {
  const wave = (height) => Array.from({ length: 64 }, (_, index) => 128 + (index % 2 ? height : -height));
  assert.equal(loudness(wave(0)), 0);
  assert.equal(loudness([]), 0);
  assert.equal(loudness(wave(127)), 1);
  assert.ok(loudness(wave(5)) < loudness(wave(20)));
});
