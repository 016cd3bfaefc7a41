/** The side bar's entries above the rooms: how many threads and mentions wait, and the panels behind them. */

import { refreshPanel } from "./panel.js";
import { shortCount } from "./jumps.js";

/**
 * @param {Object} parts
 * @param {HTMLElement} parts.bar
 * @param {string} parts.viewer
 * @param {import("../models/socket.js").Socket} parts.socket
 * @param {import("../models/unread.js").Unread} parts.unread
 * @param {import("../models/threads.js").Threads} parts.threads
 * @param {import("../models/drafts.js").Drafts} parts.drafts
 * @param {number} parts.invitations how many await the user's word
 */
export function showShortcuts({ bar, viewer, socket, unread, threads, drafts, invitations }) {
  const set = (name, count) => {
    const badge = /** @type {HTMLElement} */ (bar.querySelector(`[data-count-of=${name}]`));
    badge.hidden = count === 0;
    badge.textContent = shortCount(count);
    badge.closest("a").classList.toggle("has-unread", count > 0 && name !== "drafts");
  };
  const show = () => {
    set("threads", threads.unread);
    set("mentions", unread.mentions);
    set("drafts", drafts.all().length);
  };
  threads.on("changed", () => {
    show();
    refreshPanel("threads");
  });
  unread.on("counts", show);
  drafts.on("changed", () => {
    show();
    refreshPanel("drafts");
  });
  socket.on("message.created", ({ data }) => {
    threads.count(data);
    if (data.mentions.some((each) => each === viewer || each === "room" || each === "here")) refreshPanel("mentions");
  });
  socket.on("thread.read", (frame) => threads.follow(frame));
  for (const name of ["message.pinned", "message.unpinned"]) {
    socket.on(name, ({ room }) => {
      const shown = document.querySelector("#panel .panel-page[data-kind=pins]");
      if (/** @type {HTMLElement|null} */ (shown)?.dataset.room === room) refreshPanel("pins");
    });
  }
  socket.on("invitations", ({ waiting }) => {
    set("invitations", waiting);
    bar.querySelector("[data-count-of=invitations]").closest("a").hidden = waiting === 0;
    refreshPanel("invitations");
  });
  show();
  set("invitations", invitations);
}
