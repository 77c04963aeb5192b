import { gettext } from "./text.js";
import { element } from "./dom.js";

function alarmText(state) {
  if (state === "raised") return gettext("Alarm");
  return state === "cleared" ? gettext("Alarm is over") : gettext("Alarm acknowledged");
}

/** The mark of a message that tells of an alarm: "raised", "cleared" or "acknowledged". */
export function alarmElement(state) {
  const mark = element("p", "alarm-mark", alarmText(state));
  mark.dataset.state = state;
  return mark;
}
