import { LivePage } from "../live.js";
import { ServerClock } from "../models/server_clock.js";
import { WordList } from "../models/words.js";
import { clockTime, timeElement } from "../times.js";
import { element, jsonScript, part } from "../dom.js";
import { showWord } from "../word_view.js";

const PERIOD_MS = 2_000;
const SILENCE_MS = 3 * PERIOD_MS;

const stage = part("stage");
const word = document.getElementById("one");
const list = part("words");
const clock = new ServerClock();
const words = new WordList(jsonScript("word-history", []));

function rowElement(item) {
  const row = element("li", "word-row");
  row.append(element("span", "word-text", item.word), timeElement(item.at, clockTime(item.at)));
  return row;
}

function showBar(at) {
  stage.style.setProperty("--elapsed", `${-clock.elapsedMs(at, PERIOD_MS)}ms`);
  stage.dataset.beat = stage.dataset.beat === "even" ? "odd" : "even";
}

function show() {
  const { latest } = words;
  if (!latest) return;
  showWord(word, latest.word);
  showBar(latest.at);
  list.replaceChildren(...words.items.map(rowElement));
}

function receive(frame) {
  if (typeof frame?.message !== "string") return;
  clock.observe(frame.at);
  if (words.add({ word: frame.message, at: frame.at })) show();
}

words.add({ word: word.textContent.trim(), at: Number(stage.dataset.at) });
clock.observe(Number(stage.dataset.at));
show();
new LivePage().open(stage.dataset.socket, { region: part("region"), silenceMs: SILENCE_MS, onFrame: receive });
