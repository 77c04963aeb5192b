const TOKEN = /("(?:\\.|[^"\\])*"?)(\s*:)?|(-?\d[\d.eE+-]*)|(true|false|null)|[^"\d\-tfn]+|./gs;

/** Splits JSON text, also a cut-off one, into `[kind, text]`; joined, the texts are the input again. */
export function jsonTokens(text) {
  const tokens = [];
  for (const [whole, string, colon, number, word] of text.matchAll(TOKEN)) {
    if (string !== undefined) {
      tokens.push([colon === undefined ? "string" : "key", string]);
      if (colon !== undefined) tokens.push(["mark", colon]);
    } else if (number !== undefined) tokens.push(["number", number]);
    else if (word !== undefined) tokens.push(["word", word]);
    else tokens.push(["mark", whole]);
  }
  return tokens;
}
