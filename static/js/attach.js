import { ACCEPTED } from "./models/uploads.js";
import { part } from "./dom.js";

const hasFiles = ({ dataTransfer }) => dataTransfer?.types.includes("Files") ?? false;

/** Files by button, by drop onto `region`, and by paste into the page. Hook: onFiles(files). */
export class Attach {
  #region;
  #button;
  #input;
  #onFiles;
  #isEnabled = true;

  constructor(region, onFiles) {
    this.#region = region;
    this.#button = part("attach", region);
    this.#input = part("attach-input", region);
    this.#onFiles = onFiles;
    this.#input.accept = ACCEPTED;
    this.#button.addEventListener("click", () => this.#input.click());
    this.#input.addEventListener("change", () => this.#chosen());
    document.addEventListener("paste", (event) => this.#pasted(event));
    this.#acceptDrops();
  }

  /** Where nobody may write, nothing is attached. */
  set isEnabled(isEnabled) {
    this.#isEnabled = isEnabled;
    this.#button.disabled = !isEnabled;
    this.#showDrop(false);
  }

  #chosen() {
    const files = [...this.#input.files];
    // So that the same file can be chosen again.
    this.#input.value = "";
    this.#take(files);
  }

  #pasted(event) {
    const { files, types } = event.clipboardData;
    // Office programs put a picture of a copied text beside the text.
    if (files.length === 0 || types.includes("text/plain") || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    this.#take([...files]);
  }

  #acceptDrops() {
    // A file dropped anywhere else would replace the page.
    addEventListener("dragover", (event) => hasFiles(event) && this.#dragged(event));
    addEventListener("dragleave", (event) => event.relatedTarget === null && this.#showDrop(false));
    addEventListener("drop", (event) => hasFiles(event) && this.#dropped(event));
  }

  #isWelcome({ target }) {
    return this.#isEnabled && this.#region.contains(target);
  }

  #dragged(event) {
    event.preventDefault();
    const isWelcome = this.#isWelcome(event);
    event.dataTransfer.dropEffect = isWelcome ? "copy" : "none";
    this.#showDrop(isWelcome);
  }

  #dropped(event) {
    event.preventDefault();
    this.#showDrop(false);
    if (this.#isWelcome(event)) this.#take([...event.dataTransfer.files]);
  }

  #showDrop(isShown) {
    this.#region.toggleAttribute("data-dropping", isShown);
  }

  #take(files) {
    if (this.#isEnabled && files.length > 0) this.#onFiles(files);
  }
}
