import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { LiveSocket, socketUrl } from "../../static/js/socket.js";

let made;

class FakeWebSocket {
  static OPEN = 1;
  static CLOSING = 2;
  readyState = FakeWebSocket.OPEN;
  constructor(url) {
    this.url = url;
    this.sent = [];
    made.push(this);
  }
  send(text) {
    this.sent.push(text);
  }
  close(code) {
    this.closedWith = code;
  }
}

beforeEach(() => {
  made = [];
  mock.timers.enable({ apis: ["setTimeout"] });
  mock.method(Math, "random", () => 0.5);
  const window = new EventTarget();
  globalThis.WebSocket = FakeWebSocket;
  globalThis.location = { protocol: "http:", host: "example.org" };
  globalThis.document = new EventTarget();
  globalThis.addEventListener = window.addEventListener.bind(window);
  globalThis.dispatchEvent = window.dispatchEvent.bind(window);
});

afterEach(() => {
  mock.timers.reset();
  mock.reset();
});

function connected(options = {}) {
  const states = [];
  const socket = new LiveSocket("/ws/one/", { ...options, onStatus: ({ state }) => states.push(state) });
  socket.connect();
  made.at(-1).onopen({});
  return { socket, states };
}

test("wss follows https", () => {
  assert.equal(socketUrl("/ws/one/", { protocol: "https:", host: "a.b:1" }), "wss://a.b:1/ws/one/");
  assert.equal(socketUrl("/ws/房/?x=1", { protocol: "http:", host: "a" }), "ws://a/ws/%E6%88%BF/?x=1");
});

test("a lost socket comes back after its delay", () => {
  const { states } = connected();
  made[0].onclose({ code: 1006 });
  assert.deepEqual(states, ["connecting", "open", "waiting"]);
  mock.timers.tick(499);
  assert.equal(made.length, 1);
  mock.timers.tick(1);
  assert.equal(made.length, 2);
});

for (const [what, act] of [
  ["the network comes back", () => dispatchEvent(new Event("online"))],
  ["the tab comes back", () => document.dispatchEvent(new Event("visibilitychange"))],
]) {
  test(`a waiting socket opens at once when ${what}`, () => {
    connected();
    made[0].onclose({ code: 1006 });
    act();
    assert.equal(made.length, 2);
    mock.timers.tick(1_000);
    assert.equal(made.length, 2, "the timer it replaced must not open another");
  });
}

test("a socket whose network is gone is lost at once", () => {
  const { socket, states } = connected();
  dispatchEvent(new Event("offline"));
  assert.deepEqual([states.at(-1), socket.send({})], ["waiting", false]);
});

test("a room that was renamed is reached by its number from the next connection on", () => {
  const { socket } = connected();
  socket.moveTo("/ws/chat/room/7/");
  assert.equal(made.length, 1);
  made[0].onclose({ code: 1012 });
  mock.timers.tick(7_000);
  assert.equal(made[1].url, "ws://example.org/ws/chat/room/7/");
});

test("an open socket is left alone by all of these", () => {
  const { socket } = connected();
  dispatchEvent(new Event("online"));
  socket.retryNow();
  assert.equal(made.length, 1);
});

test("a socket that is told to stay away does", () => {
  const { socket, states } = connected();
  made[0].onclose({ code: 4403 });
  socket.retryNow();
  dispatchEvent(new Event("online"));
  mock.timers.tick(120_000);
  assert.equal(made.length, 1);
  assert.equal(states.at(-1), "stopped");
});

test("a server that opens and closes at once is not hammered", () => {
  connected();
  made[0].onclose({ code: 1011 });
  mock.timers.tick(500);
  made[1].onopen({});
  made[1].onclose({ code: 1011 });
  mock.timers.tick(999);
  assert.equal(made.length, 2);
  mock.timers.tick(1);
  assert.equal(made.length, 3);
});

test("silence where frames are due means a dead socket", () => {
  connected({ silenceMs: 6_000 });
  mock.timers.tick(5_000);
  made[0].onmessage({ data: "{}" });
  mock.timers.tick(5_999);
  assert.equal(made[0].closedWith, undefined);
  mock.timers.tick(1);
  assert.equal(made[0].closedWith, 1000);
  mock.timers.tick(500);
  assert.equal(made.length, 2);
});

test("a handshake that hangs is given up", () => {
  new LiveSocket("/ws/one/").connect();
  mock.timers.tick(10_000);
  mock.timers.tick(500);
  assert.equal(made.length, 2);
});

test("what an abandoned socket still says is not heard", () => {
  const heard = [];
  const { socket } = connected({ onFrame: (text) => heard.push(text) });
  const [old] = made;
  socket.restart();
  old.onmessage({ data: "late" });
  old.onclose({ code: 4403 });
  assert.deepEqual(heard, []);
  assert.equal(socket.status.state, "waiting");
});

test("frames arrive raw and parsed, and what is not JSON arrives too", () => {
  const heard = [];
  connected({ onFrame: (...frame) => heard.push(frame) });
  made[0].onmessage({ data: '{"a": 1}' });
  made[0].onmessage({ data: "{" });
  assert.deepEqual(heard, [['{"a": 1}', { a: 1 }], ["{", null]]);
});

test("sending needs an open socket and says whether it had one", () => {
  const { socket } = connected();
  assert.equal(socket.send({ message: "hi" }), true);
  assert.deepEqual(made[0].sent, ['{"message":"hi"}']);
  made[0].onclose({ code: 1006 });
  assert.equal(socket.send({ message: "hi" }), false);
});

test("nothing is given to a socket that is closing already, for it would drop it", () => {
  const { socket } = connected();
  made[0].readyState = WebSocket.CLOSING;
  assert.equal(socket.send({ message: "hi" }), false);
  assert.deepEqual(made[0].sent, []);
});

test("closing ends everything that was started", () => {
  const { socket } = connected({ silenceMs: 6_000 });
  socket.close();
  assert.equal(made[0].closedWith, 1000);
  dispatchEvent(new Event("online"));
  mock.timers.tick(120_000);
  assert.equal(made.length, 1);
  socket.connect();
  assert.equal(made.length, 2, "and it can be opened again");
});
