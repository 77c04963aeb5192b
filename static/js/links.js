import { element } from "./dom.js";
import { splitLinks } from "./models/links.js";

function linkElement(address) {
  const link = element("a", "", address);
  Object.assign(link, { href: address, target: "_blank", rel: "noopener noreferrer nofollow ugc" });
  return link;
}

/** Puts `text` into `node`: its addresses as links, all else as the text that it is. */
export function showText(node, text) {
  node.replaceChildren(...splitLinks(text).map((part) => (part.isLink ? linkElement(part.text) : part.text)));
}
