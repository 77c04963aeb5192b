import { CHAT_SILENCE_MS, LivePage } from "../live.js";
import { gettext } from "../text.js";
import { isRoomName, roomUrl } from "../models/rooms.js";
import { part } from "../dom.js";
import { renderRooms } from "../room_list.js";

const directory = part("directory");
const { chatUrl } = directory.dataset;
const form = part("join");
const input = document.getElementById("room-name-input");
const problem = part("join-problem");

function problemOf(name) {
  if (name.trim() === "") return gettext("A room needs a name.");
  if ([...name.trim()].length > 80) return gettext("At most 80 characters, please.");
  return isRoomName(name) ? "" : gettext("Letters, digits, spaces, _ and - only, please.");
}

function showProblem(text) {
  problem.textContent = text;
  problem.hidden = text === "";
  input.toggleAttribute("aria-invalid", text !== "");
  if (text) input.setAttribute("aria-invalid", "true");
}

form.noValidate = true;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = problemOf(input.value);
  showProblem(text);
  if (text) input.focus();
  else location.assign(roomUrl(chatUrl, input.value));
});
input.addEventListener("input", () => problem.hidden || showProblem(problemOf(input.value)));

new LivePage().open(directory.dataset.socket, {
  region: directory,
  silenceMs: CHAT_SILENCE_MS,
  onFrame: (frame) => {
    if (frame?.type === "rooms") renderRooms(part("rooms"), part("rooms-empty"), frame.rooms, { chatUrl });
  },
});
