/** The panels about one message, its history and its reactions: times of the reader, and news as they come. */

import { clockTime, dayName, fullTime } from "../dates.js";
import { WORDS } from "../words.js";
import { refreshPanel, whenPanel } from "./panel.js";

/** What makes each of them out of date. */
const NEWS = {
  revisions: ["message.edited", "message.deleted"],
  reactions: ["reaction.added", "reaction.removed", "message.deleted"],
};

/** @param {{socket: import("../models/socket.js").Socket}} parts */
export function runMessagePanels({ socket }) {
  /** @type {Record<string, string|undefined>} the message that each shows */
  const shown = {};
  for (const [kind, events] of Object.entries(NEWS)) {
    whenPanel(kind, ({ root, signal }) => {
      shown[kind] = root.dataset.message;
      signal.addEventListener("abort", () => delete shown[kind]);
      tellTimes(root);
    });
    for (const name of events) {
      socket.on(name, ({ data }) => {
        if (shown[kind] && (data.message ?? data.id) === shown[kind]) refreshPanel(kind);
      });
    }
  }
  document.addEventListener("panel:grown", () => {
    for (const root of document.querySelectorAll(".panel-page")) if (root.dataset.kind in NEWS) tellTimes(root);
  });
  for (const root of document.querySelectorAll(".panel-page")) if (root.dataset.kind in NEWS) tellTimes(root);
}

/** @param {ParentNode} root */
function tellTimes(root) {
  for (const time of root.querySelectorAll("time")) {
    const date = new Date(time.dateTime);
    time.textContent = WORDS.dayAndTime(dayName(date), clockTime(date));
    time.title = fullTime(date);
  }
}
