/**
 * The list of rooms in the side bar: counts, rooms gained and lost, and direct rooms by activity.
 * Nothing in it moves while the pointer or the focus is on it.
 */

import { freshPage } from "../pages.js";
import { shortCount } from "./jumps.js";

/**
 * @param {Object} parts
 * @param {HTMLElement} parts.nav
 * @param {string|null} parts.here the open room
 * @param {string} parts.listUrl a page whose side bar is up to date
 * @param {import("../models/socket.js").Socket} parts.socket
 * @param {import("../models/unread.js").Unread} parts.unread
 */
export function listRooms({ nav, here, listUrl, socket, unread }) {
  /** @returns {HTMLElement|null} */
  const link = (room) => nav.querySelector(`.room-link[data-room="${CSS.escape(room)}"]`);

  const count = ({ id, unread: unseen, mentions }) => {
    const element = link(id);
    if (!element) return;
    const badge = element.querySelector(".unread-count");
    element.classList.toggle("has-unread", unseen > 0);
    element.classList.toggle("has-mentions", mentions > 0);
    badge.hidden = unseen === 0;
    badge.textContent = shortCount(unseen);
  };

  /** Read the whole list anew: rooms come and go seldom, and the server knows how each is drawn. */
  const reread = async () => {
    const fresh = await freshPage(listUrl).then((page) => page?.getElementById(nav.id));
    if (!fresh) return; // the next connection finds the difference again
    whenLeft(() => {
      const top = nav.scrollTop;
      nav.replaceChildren(...fresh.childNodes);
      nav.scrollTop = top;
      const current = here && link(here);
      current?.classList.add("is-current");
      current?.setAttribute("aria-current", "page");
      for (const element of nav.querySelectorAll(".room-link")) {
        const state = unread.get(element.dataset.room);
        if (state) count(state);
      }
    });
  };

  const raise = (room) => {
    const item = link(room)?.closest("li");
    if (item && item !== item.parentElement.firstElementChild) item.parentElement.prepend(item);
  };

  /** Changes that wait until nobody is about to press something that would move. @type {Map<string, () => void>} */
  const waiting = new Map();
  const isBusy = () => nav.matches(":hover") || nav.contains(document.activeElement);
  const whenLeft = (change, key = "all") => {
    waiting.delete(key); // a later change of a kind goes behind the others
    waiting.set(key, change);
    if (!isBusy()) settle();
  };
  const settle = () => {
    for (const change of waiting.values()) change();
    waiting.clear();
  };
  nav.addEventListener("pointerleave", () => {
    if (!isBusy()) settle();
  });
  nav.addEventListener("focusout", () => setTimeout(() => isBusy() || settle()));

  unread.on("counts", count);
  socket.on("message.created", ({ room }) => {
    if (link(room)?.dataset.kind === "direct") whenLeft(() => raise(room), room);
  });
  socket.on("room.added", reread);
  socket.on("room.changed", reread);
  socket.on("room.removed", ({ room }) => link(room)?.closest("li")?.remove());
  socket.on("ready", ({ rooms }) => {
    const listed = new Set([...nav.querySelectorAll(".room-link")].map((element) => element.dataset.room));
    if (rooms.length !== listed.size || rooms.some((room) => !listed.has(room.id))) reread();
  });
}
