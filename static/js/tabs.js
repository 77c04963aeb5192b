import { part } from "./dom.js";

const BESIDE = "(min-width: 1100px)";
const MOVES = { ArrowLeft: -1, ArrowRight: 1 };

/**
 * The tabs of a page whose panels stand beside each other where there is room. The address says which panel is shown.
 * A tab with news has a dot until it is chosen.
 */
export class Tabs {
  #list;
  #tabs;
  #panels;
  #wide = matchMedia(BESIDE);
  #chosen;
  #panelOf;

  /**
   * `list`: the tablist; its tabs name their panels in `aria-controls`, the first is chosen.
   * `panelOf(hash)` gives the id of the panel that an address is about, or "".
   */
  constructor(list, panelOf) {
    this.#list = list;
    this.#panelOf = panelOf;
    this.#tabs = [...list.querySelectorAll("[role=tab]")];
    this.#panels = this.#tabs.map((tab) => document.getElementById(tab.getAttribute("aria-controls")));
    list.addEventListener("click", ({ target }) => this.#clicked(target.closest("[role=tab]")));
    list.addEventListener("keydown", (event) => this.#pressed(event));
    addEventListener("hashchange", () => this.#followHash());
    this.#wide.addEventListener("change", () => {
      this.#show();
      this.#keepInAddress(this.#chosen.id);
    });
    this.#chosen = this.#panels[0];
    this.#followHash();
    this.#show();
  }

  /** The panel with this id; one that is not hidden already stays where it is. */
  choose(id) {
    const panel = this.#panels.find((one) => one.id === id);
    if (!panel) return;
    if (panel !== this.#chosen) {
      const hadFocus = this.#chosen.contains(document.activeElement);
      this.#chosen = panel;
      this.#show();
      if (hadFocus && !this.#wide.matches) this.#tabs[this.#panels.indexOf(panel)].focus({ preventScroll: true });
      if (!this.#wide.matches) panel.scrollIntoView({ block: "start" });
    }
    this.#keepInAddress(id);
  }

  /** Something new is in the panel with this id. */
  showNews(id) {
    const place = this.#panels.findIndex((panel) => panel.id === id);
    if (!this.#wide.matches && this.#panels[place] !== this.#chosen) this.#dotOf(place).hidden = false;
  }

  #show() {
    const isTabbed = !this.#wide.matches;
    this.#list.hidden = !isTabbed;
    this.#panels.forEach((panel, place) => {
      const isChosen = panel === this.#chosen;
      const tab = this.#tabs[place];
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      panel.hidden = isTabbed && !isChosen;
      if (!panel.hidden) this.#dotOf(place)?.toggleAttribute("hidden", true);
      if (isTabbed) {
        panel.setAttribute("role", "tabpanel");
        panel.setAttribute("aria-labelledby", tab.id);
      } else {
        panel.removeAttribute("role");
        panel.removeAttribute("aria-labelledby");
      }
    });
  }

  #dotOf(place) {
    return part("tab-news", this.#tabs[place]);
  }

  #clicked(tab) {
    if (!tab) return;
    this.choose(this.#panels[this.#tabs.indexOf(tab)].id);
  }

  /** An address that is about something in the panel says enough. */
  #keepInAddress(id) {
    if (this.#wide.matches || this.#panelOf(location.hash) === id) return;
    const hash = id === this.#panels[0].id ? "" : `#${id}`;
    history.replaceState(history.state, "", location.pathname + location.search + hash);
  }

  #pressed(event) {
    const count = this.#tabs.length;
    const place = this.#tabs.indexOf(event.target.closest("[role=tab]"));
    const step = MOVES[event.key] ?? 0;
    const isTurned = getComputedStyle(this.#list).direction === "rtl";
    const next = { Home: 0, End: count - 1 }[event.key] ?? (step ? (place + (isTurned ? -step : step) + count) % count : -1);
    if (place < 0 || next < 0) return;
    event.preventDefault();
    this.#tabs[next].focus();
    this.#tabs[next].click();
  }

  #followHash() {
    this.choose(this.#panelOf(location.hash));
  }
}
