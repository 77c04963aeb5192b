/** Times as the viewer's clock and language write them. */

const CLOCK = new Intl.DateTimeFormat([], {
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  hourCycle: "h23",
});
const MINUTE = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const DAY = new Intl.DateTimeFormat([], { day: "numeric", month: "short" });
const FULL = new Intl.DateTimeFormat([], { dateStyle: "full", timeStyle: "medium" });

export function clockTime(ms) {
  return CLOCK.format(ms);
}

export function minuteTime(ms) {
  return MINUTE.format(ms);
}

/** "14:03" today, "20 Nov, 14:03" on any other day. */
export function messageTime(ms, nowMs = Date.now()) {
  const day = DAY.format(ms);
  return day === DAY.format(nowMs) ? MINUTE.format(ms) : `${day}, ${MINUTE.format(ms)}`;
}

/** A `<time>` with the machine's form, the reader's form and the full date as tooltip. */
export function timeElement(ms, text) {
  const element = document.createElement("time");
  element.dateTime = new Date(ms).toISOString();
  element.title = FULL.format(ms);
  element.textContent = text;
  return element;
}
