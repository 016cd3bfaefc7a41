/** Spoilers open by a click, Enter or the space bar, and stay open for as long as they are shown. */

/** @param {HTMLElement} within all of whose messages are served, those that come later too */
export function runSpoilers(within) {
  within.addEventListener("click", (event) => {
    const spoiler = closed(event.target);
    if (spoiler) open(spoiler);
  });
  within.addEventListener("keydown", (event) => {
    const spoiler = event.key === "Enter" || event.key === " " ? closed(event.target) : null;
    if (!spoiler) return;
    event.preventDefault(); // the space bar would scroll
    event.stopPropagation(); // and Enter is a key of the message's too
    open(spoiler);
  });
}

/** @param {EventTarget|null} target @returns {HTMLElement|null} the outermost: one is never open within a closed one */
function closed(target) {
  let found = null;
  for (let each = target; each instanceof Element; each = each.parentElement) {
    if (each.matches(".spoiler:not(.is-open)")) found = each;
  }
  return found;
}

/** It is plain text from now on; the keyboard stays where it is. */
function open(spoiler) {
  spoiler.classList.add("is-open");
  spoiler.tabIndex = -1;
  for (const name of ["role", "aria-expanded", "aria-label", "data-name"]) spoiler.removeAttribute(name);
}
