/**
 * Has the browser fetch a room's page as the pointer comes to rest on its link, or presses it, so
 * that the room is there at once. What has happened since then comes over the socket: the page says
 * up to where it is true. Browsers without speculation rules fetch the page when it is asked for.
 *
 * (A content security policy must allow 'inline-speculation-rules'.)
 */

const RULES = {
  prefetch: [{ where: { selector_matches: "a.room-link:not(.is-current)" }, eagerness: "moderate" }],
};

export function prefetchRooms() {
  if (!HTMLScriptElement.supports?.("speculationrules")) return;
  const rules = document.createElement("script");
  rules.type = "speculationrules";
  rules.textContent = JSON.stringify(RULES);
  document.head.append(rules);

  // Fetching ahead opens no room; now that it is open, the server may remember it as the last one.
  const [navigation] = performance.getEntriesByType("navigation");
  if (/** @type {any} */ (navigation)?.deliveryType === "navigational-prefetch") {
    fetch(location.href, { method: "HEAD" }).catch((error) => console.warn(error));
  }
}
