import { gettext } from "./text.js";

const SAID_FOR_MS = 1_600;

/** Copies also where the page came over plain http and `navigator.clipboard` is missing: then by way of a box beside `button`. */
async function copyText(text, button) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  // Beside the button: where a dialog is open, nothing outside it can be selected.
  button.after(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  button.focus({ preventScroll: true });
  if (!isCopied) throw new Error("The browser did not copy.");
}

/** Makes `button` copy what `read()` gives and say for a moment whether it did. */
export function bindCopyButton(button, read) {
  const label = button.textContent;
  let timer = 0;
  button.addEventListener("click", async () => {
    const said = await copyText(read(), button).then(
      () => gettext("Copied"),
      () => gettext("Not copied"),
    );
    button.textContent = said;
    clearTimeout(timer);
    timer = setTimeout(() => (button.textContent = label), SAID_FOR_MS);
  });
}
