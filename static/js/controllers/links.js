/** Links to messages that are on the page lead to them in place; all others load their page. */

const MESSAGE_LINK = /^\/m\/([0-9a-f-]{36})\/$/;

/**
 * @param {Object} parts
 * @param {HTMLElement} parts.list
 * @param {import("../models/scroll.js").Scroller} parts.scroller
 */
export function followLinks({ list, scroller }) {
  list.addEventListener("click", (event) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const link = /** @type {HTMLElement} */ (event.target).closest("a[href]");
    const id = link && MESSAGE_LINK.exec(link.getAttribute("href") ?? "")?.[1];
    const target = id && list.querySelector(`.message[data-id="${id}"]`);
    if (!target) return;
    event.preventDefault();
    list.querySelector(".is-target")?.classList.remove("is-target");
    scroller.center(target);
    target.classList.add("is-target");
  });
}
