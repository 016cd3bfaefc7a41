/** Removing the preview of a link from one's own message, for everybody. */

import { attempt } from "./message-verbs.js";

/** @param {{acts: import("../models/acts.js").Acts}} parts */
export function runPreviews({ acts }) {
  document.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest?.(".messages .preview-dismiss");
    const message = /** @type {HTMLElement|null} */ (button?.closest(".message") ?? null);
    const { url } = /** @type {HTMLElement} */ (button?.closest(".preview") ?? document.body).dataset;
    if (message && url) attempt(() => acts.dropPreview(message.dataset.id, url));
  });
}
