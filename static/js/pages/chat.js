import { CHAT_SILENCE_MS, LivePage } from "../live.js";
import { roomNameProblem, roomUrl } from "../models/rooms.js";
import { RoomList } from "../room_list.js";
import { part } from "../dom.js";
import { showProblem } from "../attempt.js";

const directory = part("directory");
const rooms = new RoomList(directory);
const form = part("join");
const input = document.getElementById("room-name-input");
const problem = part("join-problem");

function refuse(text) {
  showProblem(problem, text);
  input.setAttribute("aria-invalid", String(text !== ""));
}

form.noValidate = true;
form.addEventListener("submit", (event) => {
  event.preventDefault();
  const text = roomNameProblem(input.value);
  refuse(text);
  if (text) input.focus();
  else location.assign(roomUrl(directory.dataset.chatUrl, input.value));
});
input.addEventListener("input", () => problem.hidden || refuse(roomNameProblem(input.value)));

new LivePage().open(directory.dataset.socket, {
  region: directory,
  silenceMs: CHAT_SILENCE_MS,
  onFrame: (frame) => rooms.receive(frame),
});
