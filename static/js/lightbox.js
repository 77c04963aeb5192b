import { isPlainClick, part } from "./dom.js";

/** Opens the pictures within `root` large, above the page; a click with a modifier key stays the link that it is. */
export class Lightbox {
  #dialog = part("lightbox");
  #picture = part("lightbox-picture");
  #link = part("lightbox-link");

  constructor(root) {
    root.addEventListener("click", (event) => {
      const link = event.target.closest?.("[data-act=open-picture]");
      if (!link || !isPlainClick(event)) return;
      event.preventDefault();
      this.#open(link);
    });
    // Anywhere but on the link closes; Escape does of itself.
    this.#dialog.addEventListener("click", (event) => event.target.closest("a") || this.#dialog.close());
    this.#dialog.addEventListener("close", () => this.#picture.removeAttribute("src"));
  }

  #open(link) {
    const { alt } = link.querySelector("img");
    Object.assign(this.#picture, { alt, src: link.href });
    part("lightbox-title").textContent = alt;
    this.#link.href = link.href;
    this.#dialog.showModal();
  }
}
