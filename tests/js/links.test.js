import assert from "node:assert/strict";
import { test } from "node:test";
import { splitLinks } from "../../static/js/models/links.js";

const linksOf = (text) => splitLinks(text).filter(({ isLink }) => isLink).map((part) => part.text);

for (const [text, links] of [
  ["see https://example.org/a?b=c#d now", ["https://example.org/a?b=c#d"]],
  ["HTTP://EXAMPLE.ORG", ["HTTP://EXAMPLE.ORG"]],
  ["https://a.example, https://b.example.", ["https://a.example", "https://b.example"]],
  ["(https://example.org/a)", ["https://example.org/a"]],
  ["https://example.org/a_(b)", ["https://example.org/a_(b)"]],
  ["(https://example.org/a_(b)).", ["https://example.org/a_(b)"]],
  ["<https://example.org>", ["https://example.org"]],
  ["\"https://example.org/'x", ["https://example.org/"]],
  ["https://例え.jp/道", ["https://例え.jp/道"]],
  ["really?https://example.org/!?", ["https://example.org/"]],
]) {
  test(`links of ${JSON.stringify(text)}`, () => assert.deepEqual(linksOf(text), links));
}

for (const text of ["", "plain", "javascript:alert(1)", "ftp://example.org", "https://", "http://...", "<script>alert(1)</script>", "www.example.org"]) {
  test(`no link in ${JSON.stringify(text)}`, () => assert.deepEqual(linksOf(text), []));
}

test("the parts are the text", () => {
  for (const text of ["", "a https://x.example/, b http://y.example!", "https://x.example", "  \n<b>", "https://..."]) {
    assert.equal(splitLinks(text).map((part) => part.text).join(""), text);
  }
});

test("a text of nothing but brackets takes no time", () => {
  const started = performance.now();
  splitLinks(`https://x${")".repeat(3_990)}`);
  assert.ok(performance.now() - started < 500);
});
