import { element, setText } from "./dom.js";
import { SERIES_COLOURS, dashOf } from "./colours.js";
import { withUnit } from "./models/numbers.js";

/** The lines of one chart as buttons that hide and show them, each with its latest value. */
export class Legend {
  #root;
  #onToggle;
  #values = [];

  constructor(root, onToggle) {
    this.#root = root;
    this.#onToggle = onToggle;
  }

  /** `lines` `[{key, label, number, isHidden}]`; a single line needs no legend. */
  show(lines) {
    const focused = document.activeElement?.dataset?.line;
    this.#values = [];
    this.#root.hidden = lines.length < 2;
    this.#root.replaceChildren(...(lines.length < 2 ? [] : lines.map((line) => this.#item(line))));
    if (focused) [...this.#root.querySelectorAll("button")].find(({ dataset }) => dataset.line === focused)?.focus();
  }

  update(lines) {
    this.#values.forEach((value, index) => {
      const { value: latest, unit } = lines[index];
      setText(value, latest === null ? "" : withUnit(latest, unit));
    });
  }

  #item({ key, label, number, isHidden }) {
    const item = element("li");
    const button = element("button", "legend-line");
    const swatch = element("span", "legend-swatch");
    const value = element("span", "legend-value");
    const name = element("span", "legend-name", label);
    button.type = "button";
    Object.assign(button.dataset, { line: key, colour: number % SERIES_COLOURS, dash: dashOf(number)[0] ?? 0 });
    button.setAttribute("aria-pressed", String(!isHidden));
    name.dir = "auto";
    button.append(swatch, name, value);
    button.addEventListener("click", () => this.#onToggle(key));
    this.#values.push(value);
    item.append(button);
    return item;
  }
}
