/**
 * Messages by keyboard: arrows go from one to the next while the timeline has the focus, and a letter
 * does something with the one that has it. Arrow up in an empty composer edits one's last message.
 */

import { offersReactions } from "./message-tools.js";
import { offers, perform, roomOf } from "./message-verbs.js";

const KEYS = { e: "edit", r: "reply", t: "thread", f: "forward", s: "save", p: "pin", Delete: "delete" };

/**
 * @param {Object} parts
 * @param {import("./message-verbs.js").Verb[]} parts.verbs
 * @param {(message: HTMLElement, anchor: HTMLElement) => void} parts.pick
 * @param {(message: HTMLElement, anchor: HTMLElement) => void} parts.openMenu
 */
export function followMessageKeys({ verbs, pick, openMenu }) {
  const named = (name) => verbs.find((verb) => verb.name === name);

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.key === "ArrowUp" && target.matches(".composer textarea")) return editLast(event);
    const message = /** @type {HTMLElement|null} */ (target.closest(".messages > .message"));
    const list = message?.parentElement ?? listIn(target);
    if (!list || target.matches("input, textarea, select")) return;
    if (event.key === "ArrowUp" || event.key === "ArrowDown") {
      const next = message ? neighbour(message, event.key) : lastInView(list);
      if (next) focusMessage(next);
      event.preventDefault();
      return;
    }
    if (!message || target !== message) return;
    if (event.key === "Escape") {
      event.preventDefault(); // what the panel would take for its own
      composerOf(message)?.focus();
    } else if (event.key === "Enter") {
      event.preventDefault();
      openMenu(message, message.querySelector("[data-act=more]") ?? message);
    } else if (event.key === "+") {
      event.preventDefault();
      if (roomOf(message).may.has("react") && offersReactions(message)) pick(message, message);
    } else if (KEYS[event.key] && offers(named(KEYS[event.key]), message)) {
      event.preventDefault(); // the letter must not arrive in the field that opens
      perform(named(KEYS[event.key]), message);
    }
  });

  const editLast = (event) => {
    const field = /** @type {HTMLTextAreaElement} */ (event.target);
    if (field.value !== "") return;
    const place = field.closest(".panel-page") ?? document.getElementById("main");
    const own = [...(place?.querySelectorAll(".messages > .message.is-mine[data-id]") ?? [])];
    const last = /** @type {HTMLElement|undefined} */ (own.findLast((message) => offers(named("edit"), message)));
    if (!last) return;
    event.preventDefault();
    perform(named("edit"), last);
  };
}

/** The list that an element scrolls. @param {HTMLElement} target @returns {HTMLElement|null} */
function listIn(target) {
  return target.matches(".timeline, .panel-body") ? target.querySelector(".messages") : null;
}

/** The next message that can be seen. @param {HTMLElement} message @param {string} key */
function neighbour(message, key) {
  const side = key === "ArrowUp" ? "previousElementSibling" : "nextElementSibling";
  let element = message[side];
  while (element && !isSeen(element)) element = element[side];
  return /** @type {HTMLElement|null} */ (element);
}

function lastInView(list) {
  const bottom = list.parentElement.getBoundingClientRect().bottom + 1;
  const seen = [...list.children].filter(isSeen);
  return seen.findLast((message) => message.getBoundingClientRect().bottom <= bottom) ?? seen.at(-1);
}

const isSeen = (element) => element.classList.contains("message") && !element.classList.contains("is-folded");

/** Give a message the focus, and bring it into view. @param {HTMLElement} message */
export function focusMessage(message) {
  message.tabIndex = -1;
  message.focus({ preventScroll: true });
  message.scrollIntoView({ block: "nearest" });
}

/** @returns {HTMLElement|null} */
function composerOf(message) {
  const place = message.closest(".panel-page") ?? document.getElementById("main");
  return place?.querySelector(".composer textarea");
}
