/**
 * Speaks new messages, and only those, to screen readers. The timeline is a log, but live regions
 * would read out every page of history that is loaded and every message that is drawn again; so
 * its own announcements are off, and what is new is said here.
 */

import { WORDS } from "../words.js";

const GATHER_MS = 500;
const MOST_IN_FULL = 3;
const MOST_CHARACTERS = 300;

/**
 * @param {Object} parts
 * @param {HTMLElement} parts.log
 * @param {string} parts.room
 * @param {string} parts.viewer
 * @param {import("../models/socket.js").Socket} parts.socket
 * @param {import("../models/blocked.js").Blocked} parts.blocked whose messages are folded
 */
export function announceMessages({ log, room, viewer, socket, blocked }) {
  const region = document.createElement("div");
  region.className = "visually-hidden";
  region.setAttribute("aria-live", "polite");
  document.body.append(region);
  log.setAttribute("aria-live", "off");

  /** @type {string[]} */
  let gathered = [];
  const speak = () => {
    const lines = gathered.length > MOST_IN_FULL ? [WORDS.unreadCount(gathered.length)] : gathered;
    gathered = [];
    region.replaceChildren(
      ...lines.map((text) => {
        const line = document.createElement("p");
        line.textContent = text;
        return line;
      }),
    );
  };
  socket.on("message.created", ({ room: where, data }) => {
    if (where !== room || !data.sender || data.sender.id === viewer) return;
    if (blocked.has(data.sender.id)) return;
    if (!data.in_flow && !document.querySelector(`.panel-page[data-thread="${data.thread?.root}"]`)) return; // not shown
    gathered.push(WORDS.spoken(data.sender.display_name, heard(data.html).slice(0, MOST_CHARACTERS)));
    if (gathered.length === 1) setTimeout(speak, GATHER_MS);
  });
}

/** What is heard of a message: its words as they are shown, and of what is hidden only that it is. */
function heard(html) {
  const { content } = Object.assign(document.createElement("template"), { innerHTML: html });
  for (const spoiler of content.querySelectorAll(".spoiler")) spoiler.replaceWith(WORDS.hiddenText);
  for (const end of content.querySelectorAll("br, p, li, pre, tr, td, th, h3, h4, h5, h6")) end.after(" ");
  return (content.textContent ?? "").replace(/\s+/g, " ").trim();
}
