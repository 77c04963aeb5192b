import { CHAT_SILENCE_MS, LivePage } from "../live.js";
import { Points } from "../models/points.js";
import { RoomList } from "../room_list.js";
import { jsonScript, part } from "../dom.js";
import { showWord } from "../word_view.js";
import { newestDotPath, sparklinePath } from "../models/sparkline.js";

const PERIOD_MS = 2_000;
const SILENCE_MS = 3 * PERIOD_MS;
const ROOMS_SHOWN = 4;
const SPARK_MS = 60_000;
const SPARK = { gapMs: 2.5 * PERIOD_MS, width: 300, height: 100, scale: [0, 100] };

const page = new LivePage();

function openWord(card) {
  const word = part("word", card);
  showWord(word, word.textContent.trim());
  page.open(card.dataset.socket, {
    tag: "1",
    region: card,
    silenceMs: SILENCE_MS,
    onFrame: (frame) => typeof frame?.message === "string" && showWord(word, frame.message),
  });
}

function openNumber(card) {
  const number = part("number", card);
  const line = part("spark", card);
  const dot = part("spark-dot", card);
  const points = new Points();
  jsonScript("points", []).forEach(([at, value]) => points.add(at, value));
  const show = () => {
    if (points.length === 0) return;
    const to = points.newestAt;
    const shown = { from: to - SPARK_MS, to, ...SPARK };
    points.dropBefore(shown.from);
    number.textContent = String(points.mean[points.length - 1]);
    line.setAttribute("d", sparklinePath(points, shown));
    dot.setAttribute("d", newestDotPath(points, shown));
  };
  show();
  page.open(card.dataset.socket, {
    tag: "2",
    region: card,
    silenceMs: SILENCE_MS,
    onFrame: (frame) => {
      if (typeof frame?.data !== "number") return;
      if (points.add(frame.at, frame.data)) show();
    },
  });
}

function openRooms(card) {
  const rooms = new RoomList(card, { limit: ROOMS_SHOWN });
  page.open(card.dataset.socket, {
    tag: "3",
    region: card,
    silenceMs: CHAT_SILENCE_MS,
    onFrame: (frame) => rooms.receive(frame),
  });
}

openWord(part("card-one"));
openNumber(part("card-two"));
openRooms(part("card-three"));
