import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { PastLoader } from "../../static/js/past_loader.js";

test("while one part of the past is under way another that failed does not begin it anew", async (t) => {
  mock.timers.enable({ apis: ["setTimeout"] });
  t.after(() => mock.timers.reset());
  globalThis.document = { querySelector: () => ({}) };
  t.after(() => delete globalThis.document);
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  const answers = [];
  const windows = {
    refetchAfterMs: Infinity,
    loadDevices: async () => {},
    devicesToAsk: () => null,
    loadWindow: () => new Promise((resolve) => answers.push(resolve)),
  };
  const moments = {
    loadAlarms: async () => [],
    loadWindow: async () => {
      throw new Error("away");
    },
  };
  const dashboard = { layOut() {}, showMoments() {} };
  const past = new PastLoader({ windows, moments, dashboard, alarmDesk: { show() {} }, onWindow() {} });
  past.catchUp();
  mock.timers.tick(0);
  await settle();
  mock.timers.tick(10_000);
  await settle();
  assert.equal(answers.length, 1);
  answers[0]();
  await settle();
  mock.timers.tick(10_000);
  await settle();
  assert.equal(answers.length, 2);
});
