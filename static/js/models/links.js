/** Finds the addresses in a text; threechat/links.py does the same on the server. */

const ADDRESS = /https?:\/\/[^\s<>"']+/giu;
const SCHEME_LENGTH = "https://".length;
const NO_END = /[.,:;!?)\]}]$/u;

function count(text, character) {
  return text.split(character).length - 1;
}

/** An address does not end with punctuation; a ")" stays when its "(" is in the address. */
function withoutTail(found) {
  let address = found;
  while (NO_END.test(address)) {
    if (address.endsWith(")") && count(address, "(") >= count(address, ")")) break;
    address = address.slice(0, -1);
  }
  return address;
}

/** `[{text, isLink}]`, which together are `text` again. */
export function splitLinks(text) {
  const parts = [];
  const add = (part, isLink) => part && parts.push({ text: part, isLink });
  let end = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const address = withoutTail(found);
    if (address.length <= SCHEME_LENGTH) continue;
    add(text.slice(end, index), false);
    add(address, true);
    end = index + address.length;
  }
  add(text.slice(end), false);
  return parts;
}
