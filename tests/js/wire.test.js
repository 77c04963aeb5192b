import assert from "node:assert/strict";
import { test } from "node:test";
import { WireLog } from "../../static/js/models/wire_log.js";
import { jsonTokens } from "../../static/js/models/json_tokens.js";
import { interpolate } from "../../static/js/text.js";

test("the wire keeps the newest frames, newest first, and counts them all", () => {
  const log = new WireLog(2);
  ["a", "b", "c"].forEach((text, index) => log.add("in", text, "", index));
  assert.deepEqual(log.entries.map(({ text }) => text), ["c", "b"]);
  assert.equal(log.total, 3);
});

test("a copied wire has one frame a line, with time, direction and socket", () => {
  const log = new WireLog();
  log.add("out", '{"a":1}', "3", 0);
  log.add("in", "{}", "", 1_000);
  assert.equal(log.toText(), '1970-01-01T00:00:01.000Z ↓ {}\n1970-01-01T00:00:00.000Z ↑ 3 {"a":1}');
  log.clear();
  assert.equal(log.toText(), "");
});

test("JSON is split by kind", () => {
  assert.deepEqual(jsonTokens('{"at": -1.5e3, "ok": true, "s": "a\\"b"}').filter(([kind]) => kind !== "mark"), [
    ["key", '"at"'],
    ["number", "-1.5e3"],
    ["key", '"ok"'],
    ["word", "true"],
    ["key", '"s"'],
    ["string", '"a\\"b"'],
  ]);
});

for (const text of ['{"cut": "off', "not json at all 12 -", "", '["\\', "x\ny"]) {
  test(`no character of ${JSON.stringify(text)} is lost`, () => {
    assert.equal(jsonTokens(text).map(([, token]) => token).join(""), text);
  });
}

test("texts are filled by name, and a name's own percent sign does no harm", () => {
  assert.equal(interpolate("%(a)s of %(b)s, %(c)s", { a: "%(b)s", b: 2 }), "%(b)s of 2, %(c)s");
});
