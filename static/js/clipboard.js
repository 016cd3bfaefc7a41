/** Copying, and saying that it is done. */

import { say } from "./controllers/toasts.js";
import { WORDS } from "./words.js";

/** @param {string} text @param {string} done what is said then */
export async function copy(text, done) {
  try {
    await navigator.clipboard.writeText(text);
    say(done);
  } catch (error) {
    // There is no clipboard on plain-HTTP addresses, and the person may have refused it.
    if (!(error instanceof DOMException || error instanceof TypeError)) throw error;
    say(WORDS.notCopied);
  }
}
