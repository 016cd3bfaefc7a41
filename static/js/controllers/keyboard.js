/** Keeps the page above a phone's keyboard where the browser lays it over the page (Safari). */

/** @param {HTMLElement} body */
export function followKeyboard(body) {
  const view = window.visualViewport;
  if (!view) return;
  view.addEventListener("resize", () => {
    const isCovered = view.scale === 1 && window.innerHeight - view.height > 1;
    body.style.height = isCovered ? `${view.height}px` : "";
    if (isCovered) window.scrollTo(0, 0); // it has moved the page up to show the field
  });
}
