import { clockTime, timeElement } from "./times.js";
import { element, part } from "./dom.js";
import { summarise } from "./models/series.js";

const TABLE_ROWS = 12;
const NOTHING = "–";

function rowElement([at, value]) {
  const row = element("tr");
  const time = element("td");
  time.append(timeElement(at, clockTime(at)));
  row.append(time, element("td", "", String(value)));
  return row;
}

/** What a chart shows, in numbers and, while it is open, as a table. */
export class Readout {
  #table = part("table");
  #points = [];

  constructor() {
    this.#table.addEventListener("toggle", () => this.#showTable());
  }

  show(points) {
    const summary = summarise(points);
    this.#points = points;
    part("value").textContent = String(points.at(-1)?.[1] ?? NOTHING);
    part("min").textContent = String(summary?.min ?? NOTHING);
    part("mean").textContent = summary?.mean.toFixed(1) ?? NOTHING;
    part("max").textContent = String(summary?.max ?? NOTHING);
    this.#showTable();
  }

  #showTable() {
    if (!this.#table.open) return;
    const newestFirst = this.#points.slice(-TABLE_ROWS).reverse();
    part("table-rows").replaceChildren(...newestFirst.map(rowElement));
  }
}
