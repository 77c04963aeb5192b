import { gettext, interpolate } from "./text.js";
import { DeviceCard } from "./device_card.js";
import { withQuery } from "./models/view_state.js";
import { part, placeAt, setText } from "./dom.js";

const CARDS_LIMIT = 60;
const FIND_FROM = 13;

/** A card for each device, in the order of the list; a new device gets one on the open page. */
export class DeviceCards {
  #root = part("cards");
  #find = part("find");
  #cards = new Map();
  #devices;
  #onPick;

  /** `onPick(slug)` when somebody chooses a device or gives it up, `onPick(null)` for all again; `onFind()` when another name is looked for. */
  constructor(devices, { onPick, onFind }) {
    this.#devices = devices;
    this.#onPick = onPick;
    part("pick-all").addEventListener("click", () => onPick(null));
    this.#find.addEventListener("input", onFind);
  }

  /** `lines` of all devices; `picked` slugs (none: all); `hasPast(slug)` tells whose window is known, `alarmsOf(slug)` gives its open alarms. */
  update(lines, { picked, hasPast, alarmsOf }, range, nowMs) {
    const byDevice = new Map();
    for (const line of lines) byDevice.set(line.device, [...(byDevice.get(line.device) ?? []), line]);
    const all = this.#devices.slugs(byDevice.keys());
    const found = all.filter((slug) => this.#isFound(slug));
    const slugs = found.slice(0, CARDS_LIMIT);
    this.#forgetOthers(new Set(slugs));
    slugs.forEach((slug, index) => {
      const own = byDevice.get(slug) ?? [];
      const at = this.#devices.newestAt(slug, own);
      const card = this.#cardOf(slug);
      placeAt(this.#root, card.root, index);
      card.update(
        {
          lines: own,
          name: this.#devices.nameOf(slug),
          state: this.#devices.stateOf(slug, at, nowMs),
          at,
          isPicked: picked.includes(slug),
          areOthersPicked: picked.length > 0,
          hasPast: hasPast(slug),
          alarms: alarmsOf(slug),
          intervalMs: this.#devices.intervalMs(slug),
        },
        range,
        nowMs,
      );
    });
    this.#showCounts({ picked: picked.length, shown: slugs.length, found: found.length, total: all.length });
  }

  #showCounts({ picked, shown, found, total }) {
    this.#find.hidden = total < FIND_FROM;
    part("picked").hidden = picked === 0;
    setText(part("picked-text"), interpolate(gettext("%(picked)s of %(total)s devices chosen"), { picked, total }));
    part("cards-bounds").hidden = shown === found;
    setText(part("cards-bounds"), interpolate(gettext("Showing %(shown)s of %(found)s devices."), { shown, found }));
  }

  #isFound(slug) {
    const wanted = this.#find.value.trim().toLocaleLowerCase();
    return `${this.#devices.nameOf(slug)} ${slug}`.toLocaleLowerCase().includes(wanted);
  }

  #forgetOthers(slugs) {
    for (const [slug, { root }] of this.#cards) {
      if (slugs.has(slug)) continue;
      root.remove();
      this.#cards.delete(slug);
    }
  }

  #cardOf(slug) {
    if (!this.#cards.has(slug)) {
      const path = this.#root.dataset.deviceUrl.replace("__device__", encodeURIComponent(slug));
      this.#cards.set(slug, new DeviceCard(slug, withQuery(path, [], location.search), this.#onPick));
    }
    return this.#cards.get(slug);
  }
}
