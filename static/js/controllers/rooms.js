/**
 * The list of rooms in the side bar: counts, rooms gained and lost, and direct rooms by activity.
 * Nothing in it moves while the pointer or the focus is on it.
 */

import { isQuiet } from "../models/unread.js";
import { freshPage } from "../pages.js";
import { shortCount } from "./jumps.js";

const GATHER_MS = 50;
const LONGEST_WAIT_MS = 2 ** 31 - 1; // of a timer

/** A selector of what has the focus in the list, that finds it in a fresh one. @returns {string|null} */
function placeOfFocus(nav) {
  const focused = nav.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement) : null;
  const room = /** @type {HTMLElement|null} */ (focused?.closest(".room-item")?.querySelector(".room-link"))?.dataset.room;
  const section = /** @type {HTMLElement|null} */ (focused?.closest(".sidebar-section"))?.dataset.section;
  if (room) return `.room-link[data-room="${room}"]${focused.matches(".room-more") ? " + .room-more" : ""}`;
  const part = ["section-more", "section-toggle"].find((name) => focused?.classList.contains(name));
  return section && part ? `[data-section="${section}"] .${part}` : null;
}

/**
 * @param {Object} parts
 * @param {HTMLElement} parts.nav
 * @param {string|null} parts.here the open room
 * @param {string} parts.listUrl a page whose side bar is up to date
 * @param {{rooms: import("../types.js").Room[], sections: {id: string, name: string}[]}} parts.boot
 * @param {import("../models/socket.js").Socket} parts.socket
 * @param {import("../models/unread.js").Unread} parts.unread
 * @returns {{redraw: () => Promise<void>}}
 */
export function listRooms({ nav, here, listUrl, boot, socket, unread }) {
  /** @returns {HTMLElement|null} */
  const link = (room) => nav.querySelector(`.room-link[data-room="${CSS.escape(room)}"]`);

  const count = ({ id, unread: unseen, mentions, preferences }) => {
    const element = link(id);
    if (!element) return;
    const badge = element.querySelector(".unread-count");
    element.classList.toggle("has-unread", unseen > 0);
    element.classList.toggle("has-mentions", mentions > 0);
    badge.hidden = unseen === 0;
    badge.textContent = shortCount(unseen);
    element.classList.toggle("is-quiet", isQuiet(preferences));
  };

  const show = (fresh) => {
    const top = nav.scrollTop;
    const held = placeOfFocus(nav);
    nav.replaceChildren(...fresh.childNodes);
    nav.scrollTop = top;
    const current = here && link(here);
    current?.classList.add("is-current");
    current?.setAttribute("aria-current", "page");
    for (const element of nav.querySelectorAll(".room-link")) {
      const state = unread.get(element.dataset.room);
      if (state) count(state);
    }
    nav.dispatchEvent(new Event("rooms:drawn"));
    if (held) /** @type {HTMLElement|null} */ (nav.querySelector(held))?.focus({ preventScroll: true });
  };

  /** Read the whole list anew: it changes seldom, and the server knows how all of it is drawn. */
  const reread = async () => {
    const mine = (reading += 1);
    const fresh = await freshPage(listUrl).then((page) => page?.getElementById(nav.id));
    if (!fresh || mine !== reading) return; // the next connection finds the difference again; a later answer is newer
    waiting.delete("all");
    if (isOwn) {
      isOwn = false;
      show(fresh);
    } else whenLeft(() => show(fresh));
  };
  let reading = 0;
  let isOwn = false;
  let planned = 0;
  /** Many changes at once are read once. */
  const plan = () => {
    clearTimeout(planned);
    planned = setTimeout(reread, GATHER_MS);
  };
  /** The person has changed something in this list, so it may move under their hand. */
  const redraw = () => {
    isOwn = true;
    return reread();
  };

  const raise = (room) => {
    const item = link(room)?.closest("li");
    if (!item || "placed" in item.dataset) return; // where the person put it
    const first = item.parentElement.querySelector(".room-item:not([data-placed]):has([data-kind=direct])");
    if (first !== item) first.before(item);
  };

  /** Changes that wait until nobody is about to press something that would move. @type {Map<string, () => void>} */
  const waiting = new Map();
  const isBusy = () =>
    nav.matches(":hover") || (document.hasFocus() && nav.querySelector(":focus-visible") !== null) || document.querySelector(".sidebar-menu:popover-open") !== null;
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
  document.addEventListener("toggle", (event) => {
    if (/** @type {Element} */ (event.target).matches(".sidebar-menu") && !isBusy()) settle();
  }, true);

  /** A mute that runs out is over in the list and in the title too. */
  let alarm = 0;
  const wind = () => {
    clearTimeout(alarm);
    const wait = unread.nextSound - Date.now();
    if (wait < Infinity) alarm = setTimeout(ring, Math.min(wait + 100, LONGEST_WAIT_MS));
  };
  const ring = () => {
    unread.renew();
    wind();
  };

  unread.on("counts", count);
  socket.on("message.created", ({ room }) => {
    if (link(room)?.dataset.kind === "direct") whenLeft(() => raise(room), room);
  });
  socket.on("room.added", plan);
  socket.on("room.changed", plan);
  socket.on("room.preferences", (choice) => {
    unread.prefer(choice);
    wind();
    plan();
  });
  socket.on("sections", plan);
  socket.on("room.removed", ({ room }) => link(room)?.closest("li")?.remove());
  const layoutOf = (sections, rooms) => JSON.stringify([sections, rooms.map(({ id, preferences }) => [id, preferences]).sort()]);
  let shown = layoutOf(boot.sections, boot.rooms);
  socket.on("ready", ({ rooms, sections }) => {
    wind();
    const listed = new Set([...nav.querySelectorAll(".room-link")].map((element) => element.dataset.room));
    const isOther = rooms.length !== listed.size || rooms.some((room) => !listed.has(room.id));
    const now = layoutOf(sections, rooms);
    if (isOther || now !== shown) plan();
    shown = now;
  });
  return { redraw };
}
