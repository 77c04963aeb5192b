const TIMEOUT_MS = 15_000;

/** What the server refused or could not do; `code` is its own word for it, or "" where it did not answer in ours. */
export class ApiError extends Error {
  constructor(status, { code = "", detail = "" } = {}) {
    super(detail || `HTTP ${status}`);
    Object.assign(this, { status, code });
  }
}

/**
 * The JSON that answers a request; `{}` where the answer holds none. A `body` is sent as JSON, a `form` as such.
 * Rejects with an `ApiError`, or with `fetch`'s own errors where no answer came.
 */
export async function answerOf(url, { method = "GET", body, form, csrfToken } = {}) {
  const headers = {};
  if (csrfToken) headers["X-CSRFToken"] = csrfToken;
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const options = { method, headers, body: form ?? (body && JSON.stringify(body)), signal: AbortSignal.timeout(TIMEOUT_MS) };
  const response = await fetch(url, options);
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(response.status, answer.error);
  return answer;
}
