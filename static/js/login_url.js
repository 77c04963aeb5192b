/** Where people log in, and come back from to what they see now. */
export function loginUrl() {
  const { pathname, search, hash } = location;
  return `${document.body.dataset.loginUrl}?next=${encodeURIComponent(pathname + search + hash)}`;
}
