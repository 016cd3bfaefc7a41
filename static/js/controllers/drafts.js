/** Keeps drafts the same on all devices, and marks the rooms in the side bar that have one. */

import { call } from "../api.js";
import { refreshPanel } from "./panel.js";

const PAGE = 100;

/**
 * @param {Object} parts
 * @param {HTMLElement} parts.nav
 * @param {import("../models/drafts.js").Drafts} parts.drafts
 * @param {import("../models/socket.js").Socket} parts.socket
 */
export function syncDrafts({ nav, drafts, socket }) {
  let own = ""; // the id of this connection
  const mark = () => {
    const rooms = new Set(drafts.all().map(({ room }) => room));
    for (const link of /** @type {NodeListOf<HTMLElement>} */ (nav.querySelectorAll(".room-link"))) {
      link.classList.toggle("has-draft", rooms.has(link.dataset.room));
    }
  };
  socket.on("ready", async ({ connection }) => {
    own = connection;
    const kept = await allOf();
    if (kept) drafts.reconcile(kept);
  });
  socket.on("draft", (frame) => {
    if (frame.connection !== own) drafts.follow(frame);
    refreshPanel("drafts");
  });
  socket.on("room.removed", ({ room }) => drafts.forget(room));
  drafts.on("changed", mark);
  new MutationObserver(mark).observe(nav, { childList: true }); // the list is drawn anew at times
  mark();
}

/** The server's drafts; null when they can't be had now. */
async function allOf() {
  const found = [];
  try {
    for (let cursor = ""; cursor !== null; ) {
      const query = new URLSearchParams({ limit: String(PAGE), ...(cursor && { cursor }) });
      const { results, next } = await call("GET", `drafts/?${query}`);
      found.push(...results);
      cursor = next;
    }
  } catch (error) {
    if (error.name !== "CommandError") throw error;
    console.warn(error);
    return null;
  }
  return found;
}
