/** What people say of themselves: the marks beside their names, and when they end. */

const WORDS_ONLY = "💬"; // accounts/templatetags/people.py
const LONGEST_WAIT_MS = 2 ** 31 - 1; // of a timer

/**
 * @typedef {Object} Status
 * @property {string} emoji
 * @property {string} text
 * @property {string|null} until
 */

/** Draw a status into its mark or line; null leaves it empty. @param {HTMLElement} mark @param {Status|null} status */
export function drawStatus(mark, status) {
  const shown = status && !isOver(status.until) ? status : null;
  mark.hidden = !shown;
  mark.dataset.emoji = shown?.emoji ?? "";
  mark.dataset.text = shown?.text ?? "";
  mark.dataset.until = shown?.until ?? "";
  if (shown) mark.title = shown.text;
  else mark.removeAttribute("title");
  mark.querySelector(".status-sign").textContent = shown ? shown.emoji || WORDS_ONLY : "";
  mark.querySelector(".status-sign + *").textContent = shown?.text ?? "";
}

/** What a mark shows. @param {HTMLElement|null} mark @returns {Status|null} */
export function statusIn(mark) {
  if (!mark || mark.hidden) return null;
  const { emoji = "", text = "", until } = mark.dataset;
  return { emoji, text, until: until || null };
}

/** Take away what has ended, on the page as it is at the time. */
export function endStatuses() {
  let timer = 0;
  const look = () => {
    clearTimeout(timer);
    const ends = [];
    for (const mark of document.querySelectorAll('[data-status-of]:not([data-until=""], [hidden])')) {
      const { until } = /** @type {HTMLElement} */ (mark).dataset;
      if (isOver(until)) drawStatus(/** @type {HTMLElement} */ (mark), null);
      else ends.push(Date.parse(until));
    }
    const wait = Math.min(...ends) - Date.now();
    if (ends.length > 0) timer = setTimeout(look, Math.min(LONGEST_WAIT_MS, wait + 50));
  };
  look();
  document.addEventListener("panel:shown", look);
  document.addEventListener("statuses:drawn", look);
  document.addEventListener("visibilitychange", () => document.hidden || look()); // timers sleep with the machine
}

const isOver = (until) => Boolean(until) && Date.parse(until) <= Date.now();

/** The ends that a person chooses from, by their own clock. @param {string} after @param {Date} [now] @returns {Date|null} */
export function endOf(after, now = new Date()) {
  const midnight = (days) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days);
  if (after === "30m") return new Date(now.getTime() + 30 * 60_000);
  if (after === "1h") return new Date(now.getTime() + 60 * 60_000);
  if (after === "today") return midnight(1);
  if (after === "week") return midnight(((8 - now.getDay()) % 7) || 7); // with Sunday
  return null;
}
