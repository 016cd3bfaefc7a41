/** What leads from a message elsewhere: into its thread, to its edits; and lines of comings and goings that open. */

import { isFold, toggleFold } from "../models/folding.js";
import { attempt, offers, openThread, perform } from "./message-verbs.js";

const WAYS = ".messages :is(.thread-chip, .message-mark.is-in-thread, .message-edited)";

/**
 * @param {Object} parts
 * @param {import("../models/acts.js").Acts} parts.acts
 * @param {import("./message-verbs.js").Verb[]} parts.verbs
 */
export function followMarks({ acts, verbs }) {
  const history = verbs.find((verb) => verb.name === "history");
  document.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const way = target.closest?.(WAYS);
    const message = /** @type {HTMLElement|null} */ (way?.closest(".message") ?? null);
    if (way && message) {
      event.preventDefault();
      if (!way.matches(".message-edited")) attempt(() => openThread(message, acts));
      else if (offers(history, message)) perform(history, message);
      return;
    }
    const line = /** @type {HTMLElement|null} */ (target.closest?.(".messages > .fold button")?.parentElement ?? null);
    if (isFold(line)) toggleFold(line); // below the line, so that it stays where it was pressed
  });
}
