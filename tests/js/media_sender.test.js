import assert from "node:assert/strict";
import { test } from "node:test";

// Players are looked at once they are shown; here nothing is.
globalThis.IntersectionObserver = class {};
const { MediaSender } = await import("../../static/js/media_sender.js");

test("a file for which too much is unsent already is not dropped in silence", async () => {
  const said = [];
  const sender = new MediaSender(
    {
      conversation: { submitDraft: () => false },
      log: { unsent: { find: () => undefined } },
      api: {},
      guestName: { shown: "guest-1", sent: undefined },
      maxBytes: 1_000,
    },
    { onProblem: (text) => said.push(text), onRefused() {} },
  );
  assert.equal(await sender.send([new File(["x"], "a.mp3", { type: "audio/mpeg" })]), false);
  assert.deepEqual(said, ["Too many messages wait to be sent."]);
});
