/** What leads from a message of the room into a thread, and lines of comings and goings that open. */

import { isFold, toggleFold } from "../models/folding.js";
import { attempt, openThread } from "./message-verbs.js";

/**
 * @param {{acts: import("../models/acts.js").Acts}} parts
 */
export function runThreadChips({ acts }) {
  document.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const way = target.closest?.(".messages :is(.thread-chip, .message-mark.is-in-thread)");
    const message = /** @type {HTMLElement|null} */ (way?.closest(".message") ?? null);
    if (message) {
      event.preventDefault();
      attempt(() => openThread(message, acts));
      return;
    }
    const line = /** @type {HTMLElement|null} */ (target.closest?.(".messages > .fold button")?.parentElement ?? null);
    if (isFold(line)) toggleFold(line); // below the line, so that it stays where it was pressed
  });
}
