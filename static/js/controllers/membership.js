/** What changes for the person about the open room itself: its name and topic, and whether they may write. */

import { freshPage } from "../pages.js";
import { closeComposer, heedSilence } from "./silence.js";

/** The attributes that say what is decided about the room. */
const FACTS = {
  "#timeline": ["data-may", "data-edit-window", "data-folds"],
  "#composer": ["data-may-call", "data-members", "data-pause"],
};

/** Take attributes over from a newer form of an element. */
function follow(element, fresh, names) {
  if (!element || !fresh) return;
  for (const name of names) {
    const value = fresh.getAttribute(name);
    if (value === null) element.removeAttribute(name);
    else element.setAttribute(name, value);
  }
}

const addressOf = (slug) => `/r/${slug}/`;

/**
 * @param {Object} parts
 * @param {string} parts.room
 * @param {string} parts.slug
 * @param {boolean} parts.isDirect
 * @param {import("../models/socket.js").Socket} parts.socket
 * @param {import("../models/blocked.js").Blocked} parts.blocked
 */
export function followRoom({ room, slug, isDirect, socket, blocked }) {
  const main = document.getElementById("main");

  const reread = async () => {
    const page = await freshPage(addressOf(slug));
    const title = page?.querySelector(".bar-title");
    if (!page?.getElementById("timeline") || !title) return;
    document.querySelector(".bar-title").replaceWith(title);
    // What may be done here, how long one waits, how long messages stay.
    for (const place of ["#timeline", "#composer"]) {
      follow(document.querySelector(place), page.querySelector(place), FACTS[place]);
    }
    document.querySelector(".bar-retention")?.remove();
    const retention = page.querySelector(".bar-retention");
    if (retention) title.after(retention);
    heedSilence(main, page.getElementById("main"), () => location.reload());
  };
  const close = () => closeComposer(main);
  const ifHere = (listener) => (frame) => {
    if (frame.room === room) listener(frame);
  };
  /** @returns {boolean} whether the room has another address now, which is loaded instead */
  const hasMoved = (now) => {
    if (now !== slug) location.replace(addressOf(now));
    return now !== slug;
  };

  socket.on("room.changed", ifHere(({ data }) => data.deleted || hasMoved(data.slug) || reread()));
  socket.on("member.changed", ifHere(reread));
  if (isDirect) blocked.on("change", reread); // it closes a conversation of two, or opens it again
  socket.on("room.removed", ifHere(close));
  socket.on("ready", ({ rooms }) => {
    const here = rooms.find((each) => each.id === room);
    if (here) hasMoved(here.slug);
    else close();
  });
}
