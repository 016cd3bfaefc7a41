/** A swipe to answer: a message that is drawn aside by a finger, far enough, is replied to when it is let go. */

import { icon } from "../icons.js";
import { offers, perform } from "./message-verbs.js";

const MESSAGE = ".messages > .message[data-id]";
const OWN_GESTURES = "input, textarea, pre, .content :is(table, img)"; // they scroll sideways themselves
const BEGIN_PX = 12;
const ENOUGH_PX = 64;
const MOST_PX = 88;

/** @param {{verbs: import("./message-verbs.js").Verb[]}} parts */
export function runSwipes({ verbs }) {
  const reply = verbs.find((verb) => verb.name === "reply");
  const mark = document.createElement("span");
  mark.className = "swipe-mark";
  mark.dataset.transient = "";
  mark.append(icon("reply", "is-directional"));
  /** @type {{message: HTMLElement, id: number, x: number, y: number, isDrawn: boolean, distance: number}|null} */
  let swipe = null;

  const end = () => {
    if (!swipe) return;
    const { message } = swipe;
    swipe = null;
    message.style.translate = "";
    message.classList.remove("is-drawn");
    mark.remove();
  };
  document.addEventListener("pointerdown", (event) => {
    end();
    const target = /** @type {HTMLElement} */ (event.target);
    const message = event.pointerType === "touch" ? target.closest(MESSAGE) : null;
    if (!message || target.closest(OWN_GESTURES) || !offers(reply, message)) return;
    swipe = { message, id: event.pointerId, x: event.clientX, y: event.clientY, isDrawn: false, distance: 0 };
  });
  document.addEventListener("pointermove", (event) => {
    if (!swipe || event.pointerId !== swipe.id) return;
    const isRtl = getComputedStyle(swipe.message).direction === "rtl";
    const aside = (event.clientX - swipe.x) * (isRtl ? 1 : -1); // against the direction of reading
    if (!swipe.isDrawn) {
      if (Math.abs(event.clientY - swipe.y) > BEGIN_PX) return end(); // it scrolls
      if (aside < BEGIN_PX) return;
      swipe.isDrawn = true;
      swipe.message.classList.add("is-drawn");
      swipe.message.append(mark);
    }
    swipe.distance = Math.max(0, Math.min(aside, MOST_PX));
    swipe.message.style.translate = `${isRtl ? swipe.distance : -swipe.distance}px`;
    mark.classList.toggle("is-enough", swipe.distance >= ENOUGH_PX);
  });
  document.addEventListener("pointerup", (event) => {
    if (!swipe || event.pointerId !== swipe.id) return;
    const { message, distance } = swipe;
    end();
    if (distance >= ENOUGH_PX) perform(reply, message);
  });
  document.addEventListener("pointercancel", end);
}
