/**
 * Whom the person has blocked. Their messages and quotes of them are folded wherever they stand; each
 * can be opened and folded again.
 *
 * Emits `change` when it has changed: what is shown is dressed anew then.
 */

import { Emitter } from "../events.js";
import { WORDS } from "../words.js";

const NOTICES = new Set(["join", "leave", "system"]); // the room's own words

export class Blocked extends Emitter {
  /** @type {Set<string>} */
  #ids;
  #rev = -1;

  /** @param {string[]} [ids] */
  constructor(ids = []) {
    super();
    this.#ids = new Set(ids);
  }

  /** @param {string|null|undefined} id */
  has(id) {
    return id ? this.#ids.has(id) : false;
  }

  /** Take over how the person stands, if it is news. @param {{rev: number, blocked: string[]}} standing */
  load({ rev, blocked }) {
    if (rev < this.#rev) return;
    this.#rev = rev;
    const ids = new Set(blocked);
    const isSame = ids.size === this.#ids.size && blocked.every((id) => this.#ids.has(id));
    this.#ids = ids;
    if (!isSame) this.emit("change");
  }
}

/** Fold what a message has of blocked people, and unfold what it has not any more. @param {HTMLElement} message @param {Blocked} blocked */
export function foldBlocked(message, blocked) {
  const { sender, kind = "", deleted } = message.dataset;
  const forwarded = /** @type {HTMLElement|null} */ (message.querySelector(".forwarded"));
  const isOfBlocked = !NOTICES.has(kind) && deleted === undefined && (blocked.has(sender) || blocked.has(forwarded?.dataset.sender));
  const held = message.querySelector(":scope > .blocked-line");
  message.classList.toggle("is-blocked", isOfBlocked);
  if (isOfBlocked && !held) message.prepend(line());
  if (!isOfBlocked) {
    held?.remove();
    message.classList.remove("is-revealed");
  }
  for (const quote of /** @type {NodeListOf<HTMLElement>} */ (message.querySelectorAll(".reply-to"))) {
    const isHidden = blocked.has(quote.dataset.sender);
    const words = quote.querySelector(":scope > .blocked-quote");
    quote.classList.toggle("is-blocked", isHidden);
    if (isHidden && !words) quote.append(transient("span", "blocked-quote", WORDS.blockedMessage));
    if (!isHidden) words?.remove();
  }
}

/** Show a folded message, or fold it again. @param {HTMLElement} message */
export function toggleBlocked(message) {
  const isShown = message.classList.toggle("is-revealed");
  const button = message.querySelector(":scope > .blocked-line button");
  button?.setAttribute("aria-expanded", String(isShown));
  if (button) button.textContent = isShown ? WORDS.hide : WORDS.show;
}

function line() {
  const made = transient("p", "blocked-line", WORDS.blockedMessage);
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = WORDS.show;
  button.setAttribute("aria-expanded", "false");
  made.append(" · ", button);
  return made;
}

/** What is the client's own and stays when the message comes anew. */
function transient(name, className, text) {
  const made = document.createElement(name);
  made.className = className;
  made.dataset.transient = "";
  made.textContent = text;
  return made;
}
