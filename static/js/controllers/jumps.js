/** The buttons over the timeline: to the latest message, and up to the first unread one. */

const MOST_SHOWN = 99;
const FAR_SCREENS = 0.5; // nearer than this to the end, a button would only be in the way

/** A count as lists show it. @param {number} count */
export const shortCount = (count) => (count > MOST_SHOWN ? `${MOST_SHOWN}+` : String(count));

/**
 * @param {Object} parts
 * @param {string} parts.room
 * @param {HTMLElement} parts.latest
 * @param {HTMLElement} parts.first
 * @param {import("../models/timeline.js").Timeline} parts.timeline
 * @param {import("../models/history.js").History} parts.history
 * @param {import("../models/scroll.js").Scroller} parts.scroller
 * @param {import("../models/unread.js").Unread} parts.unread
 * @param {import("../models/reading.js").Reading} parts.reading
 */
export function showJumps({ room, latest, first, timeline, history, scroller, unread, reading }) {
  const update = () => {
    const { unread: count, lastRead } = unread.get(room) ?? { unread: 0, lastRead: 0 };
    const isFar = history.hasAfter || scroller.below > FAR_SCREENS;
    latest.hidden = scroller.isAtBottom && !history.hasAfter ? true : !isFar && count === 0;
    first.hidden = count === 0 || !isAbove(lastRead);
    const text = count > 0 ? shortCount(count) : "";
    for (const button of [latest, first]) button.querySelector(".count").textContent = text;
  };
  const isAbove = (lastRead) => {
    if (history.hasBefore && (timeline.first ?? 0) > lastRead + 1) return true;
    return timeline.divider !== null && scroller.isAbove(timeline.divider);
  };

  scroller.on("moved", update);
  history.on("loaded", update);
  unread.on("counts", (state) => {
    if (state.id === room) update();
  });
  latest.addEventListener("click", async () => {
    if (history.hasAfter && !(await history.loadLatest())) return;
    scroller.toBottom();
    reading.skip();
  });
  first.addEventListener("click", async () => {
    const { lastRead } = unread.get(room) ?? { lastRead: 0 };
    const isShown = !history.hasBefore || (timeline.first ?? Infinity) <= lastRead + 1;
    if (!isShown && !(await history.loadAround(lastRead + 1))) return;
    scroller.keep(() => timeline.divide(lastRead));
    if (timeline.divider) scroller.showFrom(timeline.divider);
  });
  update();
}
