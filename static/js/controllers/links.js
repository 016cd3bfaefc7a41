/**
 * Links to messages of the open room lead to them in place: those on the page at once, others after
 * the page around them has loaded. All other links load their page.
 */

const BY_ID = /^\/m\/([0-9a-f-]{36})\/$/;
const BY_NUMBER = /^\/r\/([\w-]+)\/(\d+)\/$/;

/**
 * @param {Object} parts
 * @param {HTMLElement} parts.list
 * @param {import("../models/scroll.js").Scroller} parts.scroller
 * @param {import("../models/history.js").History} [parts.history] loads what is not on the page
 * @param {string} [parts.slug] the room whose addresses are led to in place
 */
export function followLinks({ list, scroller, history, slug }) {
  list.addEventListener("click", async (event) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = /** @type {HTMLAnchorElement|null} */ (/** @type {HTMLElement} */ (event.target).closest("a[href]"));
    if (!link || link.origin !== location.origin || event.defaultPrevented) return;
    link.target = ""; // links that people write ask for a window of their own; this server's need none
    const id = BY_ID.exec(link.pathname)?.[1];
    const [, room, numbered] = BY_NUMBER.exec(link.pathname) ?? [];
    const number = room && room === slug ? numbered : link.dataset.number;
    const find = () => list.querySelector(id ? `.message[data-id="${id}"]` : `.message[data-number="${number}"]`);
    if (find()) {
      event.preventDefault();
      highlight(list, find(), scroller);
    } else if (history && number) {
      event.preventDefault();
      const isShown = await history.loadAround(Number(number));
      if (isShown && find()) highlight(list, find(), scroller);
      else location.assign(link.href);
    }
  });
}

/** Bring a message to the middle, and let the eye find it. */
function highlight(list, message, scroller) {
  list.querySelector(".is-target")?.classList.remove("is-target");
  scroller.center(message);
  message.classList.add("is-target");
}
