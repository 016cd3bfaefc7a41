/** Says at the edges of the room list that something unread lies beyond them, and leads there. */

import { WORDS } from "../words.js";

/**
 * @param {Object} parts
 * @param {HTMLElement} parts.nav the list of rooms, which scrolls
 * @param {import("../models/unread.js").Unread} parts.unread
 */
export function showOffscreen({ nav, unread }) {
  const edge = (name, text) => {
    const line = document.createElement("div");
    const button = document.createElement("button");
    line.className = `rooms-edge is-${name}`;
    button.type = "button";
    button.className = "rooms-more";
    button.textContent = text;
    button.hidden = true;
    line.append(button);
    return button;
  };
  const above = edge("above", WORDS.moreAbove);
  const below = edge("below", WORDS.moreBelow);
  nav.before(above.parentElement);
  nav.after(below.parentElement);

  /** The nearest unread rooms beyond each edge. @returns {{over?: HTMLElement, under?: HTMLElement}} */
  const beyond = () => {
    const { top, bottom } = nav.getBoundingClientRect();
    const links = /** @type {HTMLElement[]} */ ([...nav.querySelectorAll(".room-link.has-unread")]);
    return {
      over: links.findLast((link) => link.getBoundingClientRect().top < top - 1),
      under: links.find((link) => link.getBoundingClientRect().bottom > bottom + 1),
    };
  };
  const update = () => {
    const { over, under } = beyond();
    above.hidden = !over;
    below.hidden = !under;
  };
  let isPlanned = false;
  const plan = () => {
    if (isPlanned) return;
    isPlanned = true;
    requestAnimationFrame(() => {
      isPlanned = false;
      update();
    });
  };

  nav.addEventListener("scroll", plan, { passive: true });
  new ResizeObserver(plan).observe(nav);
  unread.on("counts", plan);
  above.addEventListener("click", () => beyond().over?.scrollIntoView({ block: "center" }));
  below.addEventListener("click", () => beyond().under?.scrollIntoView({ block: "center" }));
}
