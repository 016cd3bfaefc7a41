/** “Mark unread from here”, as the menu of a message asks for it: `message:unread` of the document. */

import { say } from "./toasts.js";
import { WORDS } from "../words.js";

/**
 * @param {Object} parts
 * @param {import("../models/timeline.js").Timeline} parts.timeline
 * @param {import("../models/scroll.js").Scroller} parts.scroller
 * @param {import("../models/reading.js").Reading} parts.reading
 */
export function markUnread({ timeline, scroller, reading }) {
  document.addEventListener("message:unread", async (event) => {
    const number = Number(/** @type {CustomEvent} */ (event).detail.number);
    try {
      await reading.markUnreadFrom(number);
    } catch (error) {
      if (error.name !== "CommandError") throw error;
      say(WORDS.notDone(error.message));
      return;
    }
    scroller.keep(() => timeline.divide(number - 1));
  });
}
