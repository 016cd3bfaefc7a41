/**
 * The menu of all that can be done with a message: beside the button that opens it, and on a phone,
 * after a long press, a sheet at the lower edge.
 */

import { icon } from "../icons.js";
import { WORDS } from "../words.js";
import { offers, perform, roomOf } from "./message-verbs.js";
import { offersReactions } from "./message-tools.js";
import { placeBeside } from "./placing.js";

const MESSAGE = ".messages > .message[data-id]";
const OWN_GESTURES = "input, textarea, .content a"; // the browser offers more of its own for these
const LONG_PRESS_MS = 450;
const SHEET_EMOJIS = 5;
const SLIP_PX = 10; // a finger that moves farther scrolls
const ROUND = matchMedia("(max-width: 760px), (pointer: coarse)");

/**
 * @param {Object} parts
 * @param {import("./message-verbs.js").Verb[]} parts.verbs
 * @param {(count?: number) => string[]} parts.quick the emoji that are offered at once
 * @param {(message: HTMLElement, emoji: string) => void} parts.react
 * @param {(message: HTMLElement, anchor: HTMLElement) => void} parts.pick
 * @returns {(message: HTMLElement, anchor: HTMLElement) => void} opens it
 */
export function runMessageMenu({ verbs, quick, react, pick }) {
  const menu = document.createElement("dialog"); // a sheet is modal; beside a button it is a popover
  menu.id = "message-menu";
  menu.className = "menu message-menu";
  menu.dataset.ofMessage = "";
  menu.setAttribute("role", "menu");
  menu.setAttribute("aria-label", WORDS.messageActions);
  document.body.append(menu);
  /** @type {HTMLElement|null} */
  let message = null;
  let hasPressed = false;

  const open = (of, anchor) => {
    message = of;
    const canReact = roomOf(of).may.has("react") && offersReactions(of);
    menu.replaceChildren(...(canReact && ROUND.matches ? [emojiRow(quick(SHEET_EMOJIS))] : []), ...entries(verbs, of));
    menu.classList.toggle("is-sheet", ROUND.matches);
    if (ROUND.matches) {
      menu.removeAttribute("popover");
      menu.style.cssText = "";
      menu.showModal();
    } else {
      menu.popover = "auto";
      menu.showPopover();
      placeBeside(menu, anchor);
    }
    of.classList.add("is-active");
    /** @type {HTMLElement} */ (menu.querySelector("button"))?.focus({ preventScroll: true });
  };
  const close = () => (menu.open ? menu.close() : menu.hidePopover());
  for (const name of ["toggle", "close"]) {
    menu.addEventListener(name, () => {
      if (!menu.open && !menu.matches(":popover-open")) message?.classList.remove("is-active");
    });
  }
  menu.addEventListener("click", (event) => {
    const pressed = /** @type {HTMLElement|null} */ (/** @type {HTMLElement} */ (event.target).closest("button"));
    const of = message;
    if (event.target === menu && menu.open) close(); // on the ground around it
    if (!pressed || !of) return;
    const { act, emoji } = pressed.dataset;
    close();
    if (emoji) react(of, emoji);
    else if (act === "pick") pick(of, of);
    else perform(verbs.find((verb) => verb.name === act), of);
  });
  menu.addEventListener("keydown", (event) => {
    const buttons = /** @type {HTMLElement[]} */ ([...menu.querySelectorAll("button")]);
    const at = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (event.key === "Tab") close();
    if (to === undefined) return;
    event.preventDefault();
    buttons.at(to % buttons.length)?.focus();
  });

  // A long press: the browser's own gesture there would select a word.
  let timer = 0;
  let start = { x: 0, y: 0 };
  document.addEventListener("pointerdown", (event) => {
    hasPressed = false;
    clearTimeout(timer);
    const target = /** @type {HTMLElement} */ (event.target);
    const of = event.pointerType === "mouse" ? null : target.closest(MESSAGE);
    if (!of || of.classList.contains("is-editing") || target.closest(OWN_GESTURES)) return;
    start = { x: event.clientX, y: event.clientY };
    timer = setTimeout(() => {
      hasPressed = true;
      navigator.vibrate?.(10);
      open(of, of);
    }, LONG_PRESS_MS);
  });
  document.addEventListener("pointermove", (event) => {
    if (Math.hypot(event.clientX - start.x, event.clientY - start.y) > SLIP_PX) clearTimeout(timer);
  });
  for (const name of ["pointerup", "pointercancel", "scroll"]) {
    document.addEventListener(name, () => clearTimeout(timer), { capture: true, passive: true });
  }
  document.addEventListener("contextmenu", (event) => {
    const isTouch = /** @type {PointerEvent} */ (event).pointerType === "touch";
    const target = /** @type {HTMLElement} */ (event.target);
    if (isTouch && target.closest?.(MESSAGE) && !target.closest(OWN_GESTURES)) event.preventDefault();
  });
  // The finger that is lifted after a long press presses nothing; keys do, whose clicks have no detail.
  document.addEventListener(
    "click",
    (event) => {
      if (!hasPressed || event.detail === 0) return;
      hasPressed = false;
      event.preventDefault();
      event.stopPropagation();
    },
    { capture: true },
  );
  return open;
}

/** What is offered for a message, lines only between two entries. */
function entries(verbs, message) {
  /** @type {HTMLElement[]} */
  const shown = [];
  let isLineDue = false;
  for (const verb of verbs) {
    if (!verb.name) isLineDue = shown.length > 0;
    else if (offers(verb, message)) {
      if (isLineDue) shown.push(divider());
      isLineDue = false;
      shown.push(entry(verb, message));
    }
  }
  return shown;
}

function entry(verb, message) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = `menu-item${verb.isDanger ? " is-danger" : ""}`;
  made.dataset.act = verb.name;
  made.setAttribute("role", "menuitem");
  made.append(icon(verb.icon), verb.words(message));
  return made;
}

function divider() {
  const made = document.createElement("div");
  made.className = "menu-divider";
  made.setAttribute("role", "separator");
  return made;
}

function emojiRow(emojis) {
  const row = document.createElement("div");
  row.className = "menu-emojis";
  for (const emoji of emojis) {
    const made = document.createElement("button");
    made.type = "button";
    made.dataset.emoji = emoji;
    made.setAttribute("role", "menuitem");
    made.setAttribute("aria-label", WORDS.reactWith(emoji));
    made.textContent = emoji;
    row.append(made);
  }
  const more = document.createElement("button");
  more.type = "button";
  more.dataset.act = "pick";
  more.setAttribute("role", "menuitem");
  more.setAttribute("aria-label", WORDS.addReaction);
  more.append(icon("smile-plus"));
  row.append(more);
  return row;
}
