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

/** What Django's `json_script` left under `id`. */
export function jsonScript(id, otherwise = null) {
  const script = document.getElementById(id);
  return script ? JSON.parse(script.textContent) : otherwise;
}
