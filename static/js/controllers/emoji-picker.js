/**
 * The emoji picker, for reactions and for the composer. It and its words are loaded when it is
 * opened first; which emoji one used lately it remembers itself.
 */

import { WORDS } from "../words.js";
import { placeBeside } from "./placing.js";

const VENDOR = "../../vendor/emoji-picker-element/";
const DATA = new URL(`${VENDOR}data.json`, import.meta.url).pathname;

/** @type {HTMLElement|null} */
let popover = null;
/** @type {(emoji: string|null) => void} */
let answer = () => {};

/**
 * Let the person choose an emoji.
 * @param {HTMLElement} anchor what it stands beside
 * @returns {Promise<string|null>} null when none was chosen
 */
export async function pickEmoji(anchor) {
  await import(`${VENDOR}picker.js`);
  popover ??= make();
  answer(null);
  const chosen = new Promise((resolve) => {
    answer = resolve;
  });
  popover.showPopover();
  placeBeside(popover, anchor);
  focusSearch(popover);
  return chosen;
}

function make() {
  const made = document.createElement("div");
  const picker = document.createElement("emoji-picker");
  made.className = "emoji-picker";
  made.popover = "auto";
  made.dataset.ofMessage = "";
  made.setAttribute("role", "dialog");
  made.setAttribute("aria-label", WORDS.emojiPicker);
  picker.setAttribute("data-source", DATA);
  picker.addEventListener("emoji-click", (event) => {
    answer(/** @type {CustomEvent} */ (event).detail.unicode ?? null);
    answer = () => {};
    made.hidePopover();
  });
  made.addEventListener("toggle", (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === "closed") answer(null);
  });
  made.append(picker);
  document.body.append(made);
  return made;
}

/** The search field is there from the first drawing on; on a phone it would open the keyboard. */
function focusSearch(within) {
  if (!matchMedia("(hover: hover)").matches) return;
  requestAnimationFrame(() => {
    const root = within.querySelector("emoji-picker")?.shadowRoot;
    /** @type {HTMLElement|null} */ (root?.querySelector("input[type=search]"))?.focus();
  });
}
