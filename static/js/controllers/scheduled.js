/** The page of scheduled messages: times as the reader's clock has them, and news of what became of each. */

import { localValue } from "../dialogs.js";
import { WORDS } from "../words.js";
import { refreshPanel } from "./panel.js";
import { say } from "./toasts.js";

/** @param {{socket: import("../models/socket.js").Socket}} parts */
export function followScheduled({ socket }) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  document.addEventListener("panel:shown", (event) => {
    const { kind, root } = /** @type {CustomEvent} */ (event).detail;
    if (kind === "scheduled") dress(root, zone);
  });
  document.addEventListener("panel:grown", (event) => {
    for (const item of /** @type {CustomEvent} */ (event).detail.items) dress(item, zone);
  });
  socket.on("scheduled", ({ data }) => {
    refreshPanel("scheduled");
    if (data.state === "failed") say(WORDS.notSentLater(data.problem));
  });
}

/**
 * Have the forms speak of the reader's time zone, whatever the server takes it for.
 * @param {ParentNode} within @param {string} zone
 */
function dress(within, zone) {
  for (const form of /** @type {NodeListOf<HTMLFormElement>} */ (within.querySelectorAll(".scheduled-form"))) {
    const at = /** @type {HTMLInputElement} */ (form.elements.namedItem("send_at"));
    /** @type {HTMLInputElement} */ (form.elements.namedItem("zone")).value = zone;
    at.value = at.defaultValue = localValue(new Date(at.dataset.moment));
    form.querySelector(".scheduled-zone").remove();
  }
}
