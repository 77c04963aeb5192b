import { ApiError } from "./http.js";
import { gettext } from "./text.js";

export function showProblem(problem, text) {
  problem.textContent = text;
  problem.hidden = text === "";
}

/** Runs `act` with `controls` disabled and tells in `problem` why it failed; true when it did not. */
export async function attempt(problem, controls, act) {
  showProblem(problem, "");
  controls.forEach((control) => (control.disabled = true));
  const text = await act().then(
    () => "",
    (error) => (error instanceof ApiError ? error.message : gettext("The server could not be reached.")),
  );
  controls.forEach((control) => (control.disabled = false));
  showProblem(problem, text);
  return text === "";
}
