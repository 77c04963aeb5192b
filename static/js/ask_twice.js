import { part } from "./dom.js";

const ARMED_FOR_MS = 4_000;

/** Makes `button` ask `question` in its label at the first click, and act at a second one soon after. */
export function askTwice(button, question, onConfirm) {
  const label = part("label", button);
  const meaning = label.textContent;
  let timer = 0;
  const arm = (isArmed) => {
    clearTimeout(timer);
    button.toggleAttribute("data-armed", isArmed);
    label.textContent = isArmed ? question : meaning;
    if (isArmed) timer = setTimeout(() => arm(false), ARMED_FOR_MS);
  };
  button.addEventListener("click", () => {
    const isConfirmed = button.hasAttribute("data-armed");
    arm(!isConfirmed);
    if (isConfirmed) onConfirm();
  });
  button.addEventListener("blur", () => arm(false));
}
