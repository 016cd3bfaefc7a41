/**
 * Going to a day: a press on the line that names one, or on anything with `data-jump-date`, opens the
 * browser's own calendar.
 */

import { isoDay } from "../dates.js";
import { roomOf } from "./message-verbs.js";

/** Follow the presses of the whole page. */
export function jumpToDates() {
  const field = document.createElement("input");
  field.type = "date";
  field.className = "date-jump";
  field.tabIndex = -1;
  field.ariaHidden = "true"; // what opens it has the words
  document.body.append(field);

  document.addEventListener("click", (event) => {
    const way = /** @type {HTMLElement|null} */ (
      /** @type {HTMLElement} */ (event.target).closest?.("#messages > .day-divider button, [data-jump-date]")
    );
    if (!way) return;
    const at = way.closest(".day-divider");
    field.max = isoDay(new Date());
    field.value = isoDay(at ? new Date(/** @type {HTMLElement} */ (at).dataset.at) : new Date());
    const { slug } = roomOf(way);
    field.onchange = () => {
      const day = field.valueAsDate && new Date(`${field.value}T00:00`); // of the reader's own clock
      if (day) location.assign(`/r/${slug}/?${new URLSearchParams({ at: day.toISOString() })}`);
    };
    const { left, bottom } = way.getBoundingClientRect();
    field.style.left = `${left}px`; // the calendar opens beside it
    field.style.top = `${bottom}px`;
    /** @type {HTMLElement|null} */ (way.closest("[popover]"))?.hidePopover();
    field.showPicker();
  });
}
