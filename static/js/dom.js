/** Small helpers for building and reading the page. */

/** The element of `data-part="name"` within `root`, or null. */
export function part(name, root = document) {
  return root.querySelector(`[data-part="${name}"]`);
}

export function element(tag, className = "", text = "") {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}

/** Writes only what is another text, so that nothing is laid out for nothing. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** A click that opens no other tab or window, as one with a key or another button may. */
export function isPlainClick({ button, ctrlKey, metaKey, shiftKey, altKey }) {
  return button === 0 && !(ctrlKey || metaKey || shiftKey || altKey);
}

/** Brings the top of `node` into view, at once for those who want no motion. */
export function bringIntoView(node) {
  const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  node.scrollIntoView({ behavior: isCalm ? "auto" : "smooth", block: "start" });
}

/** Makes `node` the child of `root` at `index`. The focus, which a node that moves loses, is given back. */
export function placeAt(root, node, index) {
  const there = root.children[index] ?? null;
  if (there === node) return;
  const focused = node.contains(document.activeElement) ? document.activeElement : null;
  root.insertBefore(node, there);
  focused?.focus({ preventScroll: true });
}

/** A copy of the one element in a `<template>`. */
export function copyOf(template) {
  return template.content.firstElementChild.cloneNode(true);
}

/** What Django's `json_script` left under `id`. */
export function jsonScript(id, otherwise = null) {
  const script = document.getElementById(id);
  return script ? JSON.parse(script.textContent) : otherwise;
}
