/** The page that shows a new token: a press copies it. */

import { copy } from "./clipboard.js";
import { WORDS } from "./words.js";

for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-copy]"))) {
  button.addEventListener("click", () => copy(button.dataset.copy, WORDS.tokenCopied));
}
