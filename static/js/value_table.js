import { dayAndClock, timeElement } from "./times.js";
import { withUnit } from "./models/numbers.js";
import { element, part } from "./dom.js";

const ROWS_SHOWN = 60;
const NOTHING = "–";

function cell(text) {
  return element("td", "number", text);
}

function timeCell(at) {
  const made = element("td");
  made.append(at === null ? NOTHING : timeElement(at, dayAndClock(at)));
  return made;
}

function nameCell(text) {
  const made = element("th", "", text);
  made.scope = "row";
  made.dir = "auto";
  return made;
}

/** Rows that say the same stay, and with them what is marked in them and the place of who reads them. */
function showRows(body, rows) {
  rows.forEach((row, index) => {
    const there = body.children[index];
    if (!there) body.append(row);
    else if (!there.isEqualNode(row)) there.replaceWith(row);
  });
  while (body.children.length > rows.length) body.lastElementChild.remove();
}

/** What the charts show, for those who cannot see a canvas: every line in numbers, and the values of one of them. */
export class ValueTable {
  #root = part("table");
  #select = part("table-line");
  #devices;
  #onOpen;
  #names = "";

  constructor(devices, onOpen) {
    this.#devices = devices;
    this.#onOpen = onOpen;
    this.#root.addEventListener("toggle", () => this.#root.open && this.#onOpen());
    this.#select.addEventListener("change", () => this.#onOpen());
  }

  update(lines, range) {
    if (!this.#root.open) return;
    showRows(part("table-rows"), lines.map((line) => this.#summaryRow(line, range)));
    this.#offer(lines);
    const line = lines.find(({ key }) => key === this.#select.value) ?? lines[0];
    const isThinned = line?.points.slotMs > 0;
    for (const name of ["value-min", "value-max"]) part(name).hidden = !isThinned;
    showRows(part("value-rows"), line ? this.#valueRows(line, range, isThinned) : []);
  }

  #summaryRow({ device, metric, unit, points, at, value }, { from, to }) {
    const summary = points.summary(from, to);
    const row = element("tr");
    const numbers = ["min", "mean", "max"].map((name) => cell(summary ? withUnit(summary[name], unit) : NOTHING));
    const latest = cell(value === null ? NOTHING : withUnit(value, unit));
    row.append(nameCell(`${this.#devices.nameOf(device)} · ${metric}`), latest, timeCell(at), ...numbers);
    return row;
  }

  #offer(lines) {
    const names = lines.map(({ key, device, metric }) => [key, `${this.#devices.nameOf(device)} · ${metric}`]);
    if (this.#names === String(names)) return;
    this.#names = String(names);
    const chosen = this.#select.value;
    this.#select.replaceChildren(...names.map(([key, name]) => new Option(name, key, false, key === chosen)));
  }

  /** A single reading has no more than its value; what stands for many (`isThinned`) also has its bounds. */
  #valueRows({ points, unit }, { from, to }, isThinned) {
    const rows = [];
    const first = points.indexFrom(from);
    for (let index = points.indexFrom(to + 1) - 1; index >= first && rows.length < ROWS_SHOWN; index -= 1) {
      const row = element("tr");
      const bounds = isThinned ? [points.low[index], points.high[index]] : [];
      const numbers = [points.mean[index], ...bounds];
      row.append(timeCell(points.at[index]), ...numbers.map((number) => cell(withUnit(number, unit))));
      rows.push(row);
    }
    return rows;
  }
}
