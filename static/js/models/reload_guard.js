const SAME_AGAIN_MS = 10 * 60_000;

/**
 * Whether a kiosk reloads for the server's `version`: when it is another than the page's, but not for the same one
 * again within ten minutes, since a proxy that still serves the old page would make it reload for ever.
 * `last` is what `noteOf` gave before the last reload.
 */
export function shouldReload({ own, version, last, nowMs }) {
  if (!own || !version || version === own) return false;
  return last?.version !== version || nowMs - last.at >= SAME_AGAIN_MS;
}

export function noteOf(version, nowMs) {
  return { version, at: nowMs };
}
