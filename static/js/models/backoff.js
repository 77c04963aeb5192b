import { gettext } from "../text.js";

const BASE_DELAY_MS = 1_000;
/** A server that is back is to be seen within ten seconds. */
export const MAX_DELAY_MS = 8_000;
export const RESTART_SPREAD_MS = 7_000;
const CROWDED_DELAY_MS = 30_000;

/** Close codes (docs/protocol.md, Who may connect) that other modules act on too. */
export const LOG_IN_AGAIN = 4401;
export const NOT_A_MEMBER = 4403;

/** Full jitter: anywhere between now and a ceiling that doubles with each attempt. */
export function fullJitterMs(attempt, random = Math.random) {
  return random() * Math.min(MAX_DELAY_MS, BASE_DELAY_MS * 2 ** attempt);
}

/**
 * What a page does after its socket closed with `code`.
 * `next` is "stop" or "retry" after `delayMs`; `notice` says why, where a reader should know.
 */
export function planAfterClose(code, attempt, random = Math.random) {
  const retry = (delayMs, notice = "") => ({ next: "retry", delayMs, notice });
  switch (code) {
    case LOG_IN_AGAIN:
      return { next: "stop", delayMs: 0, notice: gettext("Please log in again.") };
    case NOT_A_MEMBER:
      return { next: "stop", delayMs: 0, notice: gettext("This room is not open to you any more.") };
    case 4429:
      return retry(CROWDED_DELAY_MS * (1 + random()), gettext("Too many connections from you."));
    case 1009:
      return retry(fullJitterMs(attempt, random), gettext("That was too big for the server."));
    case 1013:
      return retry(fullJitterMs(attempt, random), gettext("The server cannot keep messages at the moment."));
    case 1012:
      return retry(random() * RESTART_SPREAD_MS, gettext("The server asks to come back in a moment."));
    default:
      return retry(fullJitterMs(attempt, random));
  }
}
