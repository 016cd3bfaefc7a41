/** Messages in the lists of panels: adds what depends on the reader, as the timeline does to its own. */

import { clockTime, dayName, fullTime } from "../dates.js";
import { dress, dressOwn } from "../models/dress.js";
import { WORDS } from "../words.js";

const MESSAGES = ".panel-item .message";

/** @param {{viewer: string, own: import("../models/own.js").Own, blocked: import("../models/blocked.js").Blocked}} parts */
export function dressEntries({ viewer, own, blocked }) {
  const reader = { id: viewer, own, blocked };
  /** @param {ParentNode} within */
  const dressIn = (within) => {
    const messages = /** @type {HTMLElement[]} */ ([...within.querySelectorAll(MESSAGES)]);
    for (const message of messages) {
      dress(message, reader);
      const at = /** @type {HTMLElement} */ (message.querySelector(".message-time time"));
      if (at) at.textContent = dayAndTime(new Date(message.dataset.at));
    }
    for (const time of within.querySelectorAll(".panel-where time")) {
      const date = new Date(/** @type {HTMLTimeElement} */ (time).dateTime);
      time.textContent = dayAndTime(date);
      /** @type {HTMLElement} */ (time).title = fullTime(date);
    }
  };
  const take = (page) => {
    const json = page.dataset.own;
    const ids = [...page.querySelectorAll(MESSAGES)].map((message) => message.dataset.id);
    if (json !== undefined) own.load(ids, JSON.parse(json));
    dressIn(page);
  };
  own.on("change", (id) => {
    for (const message of document.querySelectorAll(`${MESSAGES}[data-id="${CSS.escape(id)}"]`)) {
      dressOwn(/** @type {HTMLElement} */ (message), reader);
    }
  });
  blocked.on("change", () => dressIn(document));
  document.addEventListener("panel:shown", (event) => take(/** @type {CustomEvent} */ (event).detail.root));
  document.addEventListener("panel:grown", (event) => {
    const { root, items } = /** @type {CustomEvent} */ (event).detail;
    const ids = items.flatMap((item) => [...item.querySelectorAll(".message")].map((message) => message.dataset.id));
    if (root.dataset.own !== undefined) own.load(ids, JSON.parse(root.dataset.own));
    items.forEach(dressIn);
  });
}

/** Where a message stands in time: lists go over many days. @param {Date} date */
const dayAndTime = (date) => WORDS.dayAndTime(dayName(date), clockTime(date));
