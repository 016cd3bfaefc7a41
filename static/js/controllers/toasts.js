/** Short news of what the person has just done: it says so, and goes by itself. */

const SHOWN_MS = 4_000;

/** @type {HTMLElement|null} */
let region = null;
let timer = 0;

/** Say something, in place of what was said before. @param {string} text */
export function say(text) {
  if (!region) {
    region = document.createElement("div");
    region.className = "toast";
    region.setAttribute("role", "status");
    region.popover = "manual"; // above dialogs too
    document.body.append(region);
  }
  clearTimeout(timer);
  if (!region.matches(":popover-open")) region.showPopover();
  region.textContent = text;
  timer = setTimeout(() => region.hidePopover(), SHOWN_MS);
}
