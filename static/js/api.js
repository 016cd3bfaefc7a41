/** Calls of the REST API with the session of the page; refusals come as the socket's do. */

import { CommandError } from "./models/socket.js";

const ROOT = "/api/v1/";

/**
 * @param {"GET"|"POST"|"PUT"|"PATCH"|"DELETE"} method
 * @param {string} path under /api/v1/, e.g. `messages/{id}/`
 * @param {Record<string, any>} [body]
 * @returns {Promise<any>} the answer; null where it has no content
 * @throws {CommandError} with the answer's code, or `offline` when the server was not reached
 */
export async function call(method, path, body) {
  /** @type {Record<string, string>} */
  const headers = { Accept: "application/json" };
  if (method !== "GET") headers["X-CSRFToken"] = csrfToken();
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(ROOT + path, { method, headers, body: body && JSON.stringify(body) });
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // what fetch throws when the network fails
    throw new CommandError("offline", "There is no connection.");
  }
  const text = await response.text();
  const isJson = /json/.test(response.headers.get("Content-Type") ?? "");
  const answer = text && isJson ? JSON.parse(text) : null;
  if (response.ok) return answer;
  const wait = Number(response.headers.get("Retry-After")) || undefined;
  throw new CommandError(answer?.code ?? "unknown", answer?.detail ?? `The server answered ${response.status}.`, wait);
}

/** The forms of the page carry it, and so does a cookie. */
function csrfToken() {
  const field = /** @type {HTMLInputElement|null} */ (document.querySelector("input[name=csrfmiddlewaretoken]"));
  return field?.value ?? /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? "";
}
