/** Messages in the lists of panels: adds what depends on the reader, as the timeline does to its own. */

import { clockTime, dayKey, dayName, fullTime } from "../dates.js";
import { LABELS, WORDS } from "../words.js";

/** @param {{viewer: string}} parts */
export function dressEntries({ viewer }) {
  const dress = (within) => {
    for (const message of within.querySelectorAll(".panel-item .message")) {
      message.classList.toggle("is-mine", message.dataset.sender === viewer);
    }
    for (const label of within.querySelectorAll(".panel-item [data-label]")) {
      label.textContent = LABELS[label.dataset.label] ?? "";
    }
    for (const time of within.querySelectorAll(".panel-page time")) {
      const date = new Date(time.dateTime);
      if (Number.isNaN(date.getTime())) continue;
      time.textContent = shortTime(date);
      time.title = fullTime(date);
    }
  };
  document.addEventListener("panel:shown", () => dress(document));
  document.addEventListener("panel:grown", () => dress(document));
  dress(document);
}

/** The hour of today, or else the day. @param {Date} date */
function shortTime(date) {
  if (dayKey(date) === dayKey(new Date())) return clockTime(date);
  return WORDS.dayAndTime(dayName(date), clockTime(date));
}
