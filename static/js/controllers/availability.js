/** The menu at the foot of the side bar in which one says whether one may be disturbed. */

import { say } from "./toasts.js";
import { WORDS } from "../words.js";

const TOMORROW_AT_H = 8; // presence/views.py has the same hour

/**
 * @param {Object} parts
 * @param {HTMLFormElement|null} parts.form works without a script, too
 * @param {import("../models/presence.js").Presence} parts.presence
 * @param {import("../models/socket.js").Socket} parts.socket
 */
export function runAvailability({ form, presence, socket }) {
  if (!form) return;
  const buttons = /** @type {HTMLButtonElement[]} */ ([...form.querySelectorAll("[name=availability]")]);
  const note = /** @type {HTMLElement} */ (form.querySelector(".availability-until"));

  const draw = ({ availability, until }) => {
    for (const button of buttons) {
      const [said, span] = button.value.split(":");
      // Of the ways to say “do not disturb”, the one without an end stands for all that hold.
      button.setAttribute("aria-pressed", String(said === availability && !span));
    }
    note.textContent = until ? WORDS.untilMoment(new Date(until)) : "";
    note.hidden = !until;
  };
  form.addEventListener("submit", async (event) => {
    const button = /** @type {HTMLButtonElement|null} */ (/** @type {SubmitEvent} */ (event).submitter);
    if (!button || !socket.isOpen) return; // the form goes its own way
    event.preventDefault();
    const [availability, span] = button.value.split(":");
    /** @type {HTMLElement|null} */ (form.closest("[popover]"))?.hidePopover();
    const fields = { availability, until: endOf(span) };
    try {
      presence.setOwn(await socket.request("availability.set", fields));
    } catch (error) {
      say(WORDS.notDone(/** @type {Error} */ (error).message));
    }
  });
  presence.on("own", draw);
  draw(presence.own);
}

/** @param {string|undefined} span minutes, “tomorrow”, or none @returns {string|null} */
function endOf(span) {
  if (!span) return null;
  const end = new Date();
  if (span === "tomorrow") {
    end.setDate(end.getDate() + 1);
    end.setHours(TOMORROW_AT_H, 0, 0, 0);
  } else end.setMinutes(end.getMinutes() + Number(span));
  return end.toISOString();
}
