/** Saving a message for later, with a note that nobody else sees. */

import { onConfirm, openDialog } from "../dialogs.js";
import { WORDS } from "../words.js";
import { attempt } from "./message-verbs.js";
import { refreshPanel } from "./panel.js";
import { say } from "./toasts.js";

/**
 * @param {Object} parts
 * @param {import("../models/acts.js").Acts} parts.acts
 * @param {import("../models/own.js").Own} parts.own
 * @param {import("../models/socket.js").Socket} parts.socket
 * @returns {(message: HTMLElement) => void} asks for a note and saves the message
 */
export function runSaving({ acts, own, socket }) {
  // On whichever device.
  socket.on("saved", ({ message, saved }) => {
    own.save(message, saved);
    refreshPanel("saved");
  });
  return (message) => {
    const { id = "" } = message.dataset;
    const { dialog, form } = openDialog("save-dialog");
    const note = /** @type {HTMLInputElement} */ (form.elements.namedItem("note"));
    onConfirm(form, async () => {
      const isDone = await attempt(() => acts.save(id, note.value.trim()));
      if (!isDone) return;
      own.save(id, true);
      dialog.close();
      say(WORDS.saved);
    });
  };
}
