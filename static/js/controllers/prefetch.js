/** Fetches a room's page as the pointer comes to rest on its link, so that it is there when pressed. */

const REST_MS = 80; // a pointer that only passes by fetches nothing
const FRESH_MS = 60_000;

/** @param {{nav: HTMLElement}} parts */
export function prefetchRooms({ nav }) {
  if (navigator.connection?.saveData) return;
  /** @type {Map<string, number>} when each address was fetched */
  const fetched = new Map();
  let timer = 0;
  const prefetch = (href) => {
    if (Date.now() - (fetched.get(href) ?? -Infinity) < FRESH_MS) return;
    fetched.set(href, Date.now());
    const hint = document.createElement("link");
    hint.rel = "prefetch";
    hint.href = href;
    hint.addEventListener("load", () => hint.remove());
    document.head.append(hint);
  };
  nav.addEventListener("pointerover", (event) => {
    clearTimeout(timer);
    const link = /** @type {HTMLElement} */ (event.target).closest("a.room-link:not(.is-current)");
    if (link) timer = setTimeout(() => prefetch(link.href), REST_MS);
  });
  nav.addEventListener("pointerleave", () => clearTimeout(timer));
}
