import { element } from "./dom.js";

const ARMED_FOR_MS = 4_000;

/** A button that asks `question` at the first click and acts at a second one soon after. */
export function confirmButton({ className, label, question, onConfirm }) {
  const button = element("button", className, label);
  button.type = "button";
  let timer = 0;
  const arm = (isArmed) => {
    clearTimeout(timer);
    button.toggleAttribute("data-armed", isArmed);
    button.textContent = isArmed ? question : label;
    if (isArmed) timer = setTimeout(() => arm(false), ARMED_FOR_MS);
  };
  button.addEventListener("click", () => {
    const isConfirmed = button.hasAttribute("data-armed");
    arm(!isConfirmed);
    if (isConfirmed) onConfirm();
  });
  button.addEventListener("blur", () => arm(false));
  return button;
}
