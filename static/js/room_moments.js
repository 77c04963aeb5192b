import { MomentChip } from "./moment_chip.js";
import { MomentLinks } from "./moment_links.js";
import { MomentReader } from "./moment_reader.js";
import { TelemetryApi } from "./telemetry_api.js";
import { momentOf, readMomentHash } from "./models/moment.js";
import { isPlainClick, part } from "./dom.js";

/**
 * What a room has to do with moments of charts: the one that the next message is about, and those of its messages.
 * Speaks with the chart beside it by events of the document: hears "moment", says "show-moment".
 */
export class RoomMoments {
  chip;
  #beside;
  #reader;
  #links;
  #hooks;

  /** Hooks: onPicked(), when the composer has a moment; onLeft(), when the address names it no more; onMoment(), when the chart beside shows one. */
  constructor(region, hooks) {
    const { readingsUrl, telemetryUrl, beside = "", besideName } = region.dataset;
    const nameOf = (device) => (device === beside ? besideName : device);
    this.#beside = beside;
    this.chip = new MomentChip({ nameOf, onCleared: () => this.#leaveAddress() });
    this.#hooks = hooks;
    this.#reader = new MomentReader(new TelemetryApi({ readingsUrl }));
    this.#links = new MomentLinks(this.#reader, { telemetryUrl, nameOf });
    document.addEventListener("moment", ({ detail }) => this.#pick(detail));
    part("messages", region).addEventListener("click", (event) => this.#clicked(event));
    addEventListener("hashchange", () => this.#followHash());
    this.#followHash();
  }

  /** The element under a message that is about `moment`. */
  elementOf(moment) {
    return this.#links.elementOf(moment);
  }

  #pick(picked) {
    if (!momentOf(picked)) return;
    this.chip.show(picked);
    this.#hooks.onPicked();
  }

  async #followHash() {
    const moment = readMomentHash(location.hash, this.#beside);
    if (!moment) return;
    const read = await this.#reader.read(moment);
    this.#pick({ ...moment, ...(read && { value: read.value, unit: read.unit }) });
  }

  /** What is done with is not to be there again after a reload. */
  #leaveAddress() {
    if (!readMomentHash(location.hash, this.#beside)) return;
    history.replaceState(history.state, "", location.pathname + location.search);
    this.#hooks.onLeft();
  }

  #clicked(event) {
    const moment = this.#links.momentOf(event.target.closest?.(".moment"));
    if (!moment || moment.device !== this.#beside || !isPlainClick(event)) return;
    event.preventDefault();
    this.#hooks.onMoment();
    document.dispatchEvent(new CustomEvent("show-moment", { detail: moment }));
  }
}
