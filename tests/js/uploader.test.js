import assert from "node:assert/strict";
import { beforeEach, mock, test } from "node:test";
import { Uploader } from "../../static/js/uploader.js";

class FakeRequest {
  static all = [];
  upload = {};
  headers = {};
  isAborted = false;

  constructor() {
    FakeRequest.all.push(this);
  }

  open(method, url) {
    Object.assign(this, { method, url });
  }

  setRequestHeader(name, value) {
    this.headers[name] = value;
  }

  send(body) {
    this.body = body;
  }

  abort() {
    this.isAborted = true;
  }

  answer(status, response) {
    Object.assign(this, { status, response });
    this.onload();
  }
}

let told;
let uploader;

beforeEach(() => {
  globalThis.XMLHttpRequest = FakeRequest;
  FakeRequest.all = [];
  told = [];
  uploader = new Uploader({
    url: () => "/chat/lobby/media/",
    csrfToken: () => "token",
    onProgress: ({ clientId }, fraction) => told.push(["progress", clientId, fraction]),
    onDone: ({ clientId }, frame) => told.push(["done", clientId, frame.id]),
    onFail: ({ clientId }, code, detail) => told.push(["fail", clientId, code, detail]),
  });
});

const upload = (clientId, username) => ({ clientId, username, file: new File(["x"], `${clientId}.png`, { type: "image/png" }) });
const last = () => FakeRequest.all.at(-1);

test("a file goes with its client_id, its sender's name and the token", (t) => {
  t.after(() => uploader.stop());
  uploader.add(upload("a", "Ada"));
  assert.deepEqual([last().method, last().url, last().headers["X-CSRFToken"]], ["POST", "/chat/lobby/media/", "token"]);
  assert.deepEqual([last().body.get("client_id"), last().body.get("username")], ["a", "Ada"]);
  assert.equal(last().body.get("file").name, "a.png");
});

test("what a file is about goes with it, as JSON", (t) => {
  t.after(() => uploader.stop());
  const about = { device: "boiler", metric: "temperature", at: 1_763_690_000_000 };
  uploader.add({ ...upload("a"), about });
  uploader.add({ ...upload("b"), about: null });
  assert.deepEqual(JSON.parse(last().body.get("about")), about);
  last().answer(201, { id: 7 });
  assert.equal(last().body.get("about"), null);
});

test("the next one begins when one has ended, whichever way", () => {
  ["a", "b", "c"].forEach((clientId) => uploader.add(upload(clientId)));
  assert.equal(FakeRequest.all.length, 1);
  last().upload.onprogress({ loaded: 1, total: 2 });
  last().answer(201, { id: 7 });
  last().answer(413, { error: { code: "too-big", detail: "Too big." } });
  last().onerror();
  assert.equal(FakeRequest.all.length, 3);
  assert.deepEqual(told.filter(([what]) => what !== "progress").map((each) => each.slice(0, 3)), [
    ["done", "a", 7],
    ["fail", "b", "too-big"],
    ["fail", "c", "away"],
  ]);
  assert.deepEqual(told.slice(0, 2), [["progress", "a", 0], ["progress", "a", 0.5]]);
});

test("an answer without a reason is told by its status", () => {
  uploader.add(upload("a"));
  last().answer(502, null);
  assert.deepEqual(told.at(-1), ["fail", "a", "", "HTTP 502"]);
});

test("one that is taken back stops, and the next begins", (t) => {
  t.after(() => uploader.stop());
  ["a", "b", "c"].forEach((clientId) => uploader.add(upload(clientId)));
  uploader.cancel("b");
  uploader.cancel("a");
  assert.ok(FakeRequest.all[0].isAborted);
  assert.equal(last().body.get("client_id"), "c");
  assert.ok(told.every(([what]) => what === "progress"));
});

test("one that stands still for a minute has failed", () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  uploader.add(upload("a"));
  mock.timers.tick(59_000);
  last().upload.onprogress({ loaded: 1, total: 2 });
  mock.timers.tick(59_000);
  assert.equal(told.at(-1)[0], "progress");
  mock.timers.tick(1_000);
  assert.ok(last().isAborted);
  assert.deepEqual(told.at(-1).slice(0, 3), ["fail", "a", "stalled"]);
  mock.timers.reset();
});

test("when it stops, nothing is on its way and nothing begins", () => {
  ["a", "b"].forEach((clientId) => uploader.add(upload(clientId)));
  uploader.stop();
  assert.ok(FakeRequest.all[0].isAborted);
  assert.equal(FakeRequest.all.length, 1);
});
