/**
 * Contacts and blocks, as they change: the count in the side bar, the page of contacts, and whose
 * messages are folded. Blocking somebody from one of their messages.
 */

import { call } from "../api.js";
import { onConfirm, openDialog, showError } from "../dialogs.js";
import { toggleBlocked } from "../models/blocked.js";
import { WORDS } from "../words.js";
import { shortCount } from "./jumps.js";
import { refreshPanel } from "./panel.js";
import { say } from "./toasts.js";

/**
 * @param {Object} parts
 * @param {HTMLElement} parts.bar the side bar's shortcuts
 * @param {import("../models/blocked.js").Blocked} parts.blocked
 * @param {import("../models/socket.js").Socket} parts.socket
 */
export function followContacts({ bar, blocked, socket }) {
  const badge = /** @type {HTMLElement} */ (bar.querySelector("[data-count-of=contacts]"));
  const show = (standing) => {
    blocked.load(standing);
    badge.hidden = standing.incoming === 0;
    badge.textContent = shortCount(standing.incoming);
    badge.closest("a")?.classList.toggle("has-unread", standing.incoming > 0);
    refreshPanel("contacts");
  };
  socket.on("relations", ({ data }) => show(data));
  // What changed while there was no connection.
  let isFirst = true;
  socket.on("ready", async () => {
    if (!isFirst) await catchUp(show);
    isFirst = false;
  });

  document.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest(".blocked-line button");
    const message = /** @type {HTMLElement|null} */ (button?.closest(".message") ?? null);
    if (message) toggleBlocked(message);
  });
}

async function catchUp(show) {
  try {
    show(await call("GET", "me/relations/"));
  } catch (error) {
    if (error.name !== "CommandError") throw error;
    console.warn(error); // what is shown stays; the next change brings all of it
  }
}

/** Ask for a reason and block whoever wrote a message. @param {HTMLElement} message */
export function blockAuthor(message) {
  askAndBlock(message.dataset.sender, message.querySelector(".message-author")?.textContent ?? "");
}

/**
 * Ask for a reason and block somebody.
 * @param {string} person
 * @param {string} name
 * @param {() => void} [done]
 */
export function askAndBlock(person, name, done = () => {}) {
  const { dialog, form } = openDialog("block-dialog");
  const reason = /** @type {HTMLInputElement} */ (form.elements.namedItem("reason"));
  form.querySelector("h2").textContent = WORDS.blockTitle(name);
  onConfirm(form, async () => {
    try {
      await call("PUT", `blocks/${person}/`, { reason: reason.value.trim() });
    } catch (error) {
      if (error.name !== "CommandError") throw error;
      showError(form, error.message);
      return;
    }
    dialog.close();
    say(WORDS.blocked(name));
    done();
  });
  reason.focus();
}

/** Lift the block of whoever wrote a message. @param {HTMLElement} message */
export async function unblockAuthor(message) {
  await call("DELETE", `blocks/${message.dataset.sender}/`);
  say(WORDS.unblocked(message.querySelector(".message-author")?.textContent ?? ""));
}
