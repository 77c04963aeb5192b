import { ApiError } from "./http.js";
import { element } from "./dom.js";
import { gettext } from "./text.js";
import { loginUrl } from "./login_url.js";

const LOG_IN = 401;

/** Why something failed, for its reader. */
export function reasonText(error) {
  return error instanceof ApiError ? error.message : gettext("The server could not be reached.");
}

/** Says `text` in the element `problem`, "" for nothing. */
export function showProblem(problem, text) {
  problem.textContent = text;
  problem.hidden = text === "";
}

function loginLink() {
  const link = element("a", "", gettext("Log in"));
  link.href = loginUrl();
  return link;
}

/**
 * Runs `act` with `controls` disabled and tells in `problem` why it failed, and where one logs in if that would help; true when it did not.
 * The focus, which a disabled control loses, is given back.
 */
export async function attempt(problem, controls, act) {
  const focused = controls.find((control) => control === document.activeElement);
  showProblem(problem, "");
  controls.forEach((control) => (control.disabled = true));
  const error = await act().then(
    () => null,
    (reason) => reason,
  );
  controls.forEach((control) => (control.disabled = false));
  if (document.activeElement === document.body) focused?.focus({ preventScroll: true });
  if (error === null) return true;
  showProblem(problem, reasonText(error));
  if (error.status === LOG_IN) problem.append(" ", loginLink());
  return false;
}
