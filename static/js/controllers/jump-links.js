/** Links from lists to a message in its room: in place where that room is open, else its page is loaded. */

/**
 * @param {Object} parts
 * @param {string} parts.room the open one
 * @param {import("../models/timeline.js").Timeline} parts.timeline
 * @param {import("../models/history.js").History} parts.history
 * @param {import("../models/scroll.js").Scroller} parts.scroller
 * @param {() => void} parts.makeWay closes what covers the room on a phone
 */
export function followJumps({ room, timeline, history, scroller, makeWay }) {
  document.addEventListener("click", async (event) => {
    const link = /** @type {HTMLElement} */ (event.target).closest?.("a[data-jump]");
    if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const { room: where, number: text } = /** @type {HTMLElement} */ (link).dataset;
    if (where !== room) return;
    event.preventDefault();
    makeWay();
    const number = Number(text);
    if (!timeline.numbered(number) && !(await history.loadAround(number))) return;
    const target = timeline.numbered(number);
    if (!target) return;
    document.querySelector("#messages .is-target")?.classList.remove("is-target");
    scroller.center(target);
    target.classList.add("is-target");
  });
}
