/** Slow mode: counts down on the button that sends until the person may write again. */

import { WORDS } from "../words.js";

/**
 * @param {Object} parts
 * @param {import("./composer.js").Composer} parts.composer `data-pause` of its form: seconds between two messages;
 *   `data-wait`: what was left of them when the page was made
 * @param {import("../models/outbox.js").Outbox} parts.outbox
 * @param {AbortSignal} [parts.signal]
 */
export function keepPace({ composer, outbox, signal }) {
  const { form, room } = composer;
  const button = /** @type {HTMLButtonElement} */ (form.querySelector("button[type=submit]"));
  const shown = /** @type {HTMLElement} */ (button.querySelector(".composer-wait"));
  const note = document.createElement("p");
  let until = 0;
  let ticking = 0;
  note.className = "composer-note";
  note.setAttribute("role", "status");
  note.hidden = true;
  form.querySelector(".composer-row").after(note);

  const left = () => Math.ceil((until - Date.now()) / 1000);
  const tick = () => {
    const seconds = left();
    const isWaiting = seconds > 0;
    form.classList.toggle("is-waiting", isWaiting);
    shown.hidden = !isWaiting;
    shown.textContent = isWaiting ? WORDS.shortWait(seconds) : "";
    button.setAttribute("aria-label", isWaiting ? WORDS.sendIn(seconds) : WORDS.send);
    if (!isWaiting) {
      clearInterval(ticking);
      ticking = 0;
      note.hidden = true;
    }
  };
  const wait = (seconds) => {
    until = Math.max(until, Date.now() + seconds * 1000);
    ticking ||= setInterval(tick, 1000);
    tick();
  };

  composer.guard(() => {
    if (left() <= 0) return true;
    note.textContent = WORDS.slowMode(Number(form.dataset.pause));
    note.hidden = false;
    return false;
  });
  outbox.on(
    "sent",
    ({ entry }) => {
      if (entry.room === room && Number(form.dataset.pause) > 0) wait(Number(form.dataset.pause));
    },
    { signal },
  );
  outbox.on(
    "waiting",
    ({ entry, code, seconds }) => {
      if (entry.room === room && code === "slow_mode") wait(seconds);
    },
    { signal },
  );
  // The room's admins may shorten the pause, or end it, while somebody waits.
  const decided = new MutationObserver(() => {
    until = Math.min(until, Date.now() + Number(form.dataset.pause) * 1000);
    tick();
  });
  decided.observe(form, { attributeFilter: ["data-pause"] });
  signal?.addEventListener("abort", () => clearInterval(ticking));
  if (Number(form.dataset.wait) > 0) wait(Number(form.dataset.wait));
}
