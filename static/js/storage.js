/** The browser's `localStorage` or `sessionStorage`; undefined where it is forbidden. */
export function storage(name) {
  try {
    return globalThis[name];
  } catch {
    return undefined;
  }
}
