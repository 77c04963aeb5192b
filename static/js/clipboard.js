import { gettext } from "./text.js";

const SAID_FOR_MS = 1_600;

/** Copies also where the page came over plain http and `navigator.clipboard` is missing. */
export async function copyText(text) {
  if (navigator.clipboard) {
    await navigator.clipboard.writeText(text);
    return;
  }
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  const isCopied = document.execCommand("copy");
  area.remove();
  if (!isCopied) throw new Error("The browser did not copy.");
}

/** Makes `button` copy what `read()` gives and say for a moment whether it did. */
export function bindCopyButton(button, read) {
  const label = button.textContent;
  let timer = 0;
  button.addEventListener("click", async () => {
    const said = await copyText(read()).then(
      () => gettext("Copied"),
      () => gettext("Not copied"),
    );
    button.textContent = said;
    clearTimeout(timer);
    timer = setTimeout(() => (button.textContent = label), SAID_FOR_MS);
  });
}
