import assert from "node:assert/strict";
import { test } from "node:test";
import { RoomHistory } from "../../static/js/room_history.js";

test("who asks for one message and then for another sees the other, whichever page comes first", async () => {
  const answers = new Map();
  const api = { messages: ({ before }) => new Promise((resolve) => answers.set(before, () => resolve({ before }))) };
  const shown = [];
  const history = new RoomHistory({ showAround: ({ before }) => shown.push(before) }, api, () => {});
  const [first, other] = [history.around(5), history.around(300)];
  answers.get(325)();
  answers.get(30)();
  assert.deepEqual([await first, await other, shown], [false, true, [325]]);
});
