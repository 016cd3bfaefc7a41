/**
 * The toolbar over the message that is pointed at or has the focus. There is one; it stands within
 * its message, over its upper edge, and moves nothing.
 */

import { icon } from "../icons.js";
import { WORDS } from "../words.js";
import { focusMessage } from "./message-keys.js";
import { offers, perform, roomOf } from "./message-verbs.js";

const MESSAGE = ".messages > .message[data-id]";

/**
 * @param {Object} parts
 * @param {import("./message-verbs.js").Verb[]} parts.verbs
 * @param {() => string[]} parts.quick the emoji that are offered at once
 * @param {(message: HTMLElement, emoji: string) => void} parts.react
 * @param {(message: HTMLElement, anchor: HTMLElement) => void} parts.pick asks for an emoji to react with
 * @param {(message: HTMLElement, anchor: HTMLElement) => void} parts.openMenu
 */
export function showTools({ verbs, quick, react, pick, openMenu }) {
  const rail = document.createElement("div");
  const bar = document.createElement("div");
  rail.className = "message-tools-rail";
  rail.dataset.transient = "";
  bar.className = "message-tools";
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", WORDS.messageActions);
  rail.append(bar);

  /** @returns {HTMLElement|null} */
  const host = () => rail.parentElement;
  const isHeld = () => document.querySelector("[data-of-message]:popover-open") !== null;
  /** The focus stays where the toolbar goes from. */
  const letGo = () => {
    if (rail.contains(document.activeElement)) focusMessage(host());
  };

  const show = (message) => {
    if (host() === message || isHeld()) return;
    letGo();
    const { may } = roomOf(message);
    const canReact = may.has("react") && offersReactions(message);
    const shown = ["reply", "thread"].map((name) => verbs.find((verb) => verb.name === name));
    bar.replaceChildren(
      ...(canReact ? quick().map(emojiButton) : []),
      ...(canReact ? [button("pick", "smile-plus", WORDS.addReaction)] : []),
      ...shown.filter((verb) => offers(verb, message)).map((verb) => button(verb.name, verb.icon, verb.words(message))),
      button("more", "more", WORDS.more),
    );
    message.append(rail);
  };
  const hide = () => {
    if (isHeld()) return;
    letGo();
    rail.remove();
  };

  document.addEventListener("pointerover", (event) => {
    if (event.pointerType !== "mouse") return;
    const message = /** @type {HTMLElement} */ (event.target).closest?.(MESSAGE);
    if (message && !message.classList.contains("is-editing")) show(message);
    else if (!host()?.contains(document.activeElement)) hide();
  });
  document.addEventListener("focusin", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const message = target.closest(MESSAGE);
    if (message && !message.classList.contains("is-editing") && target.matches(":focus-visible")) show(message);
    else if (!message && !host()?.matches(":hover")) hide();
  });
  bar.addEventListener("click", (event) => {
    const pressed = /** @type {HTMLElement|null} */ (/** @type {HTMLElement} */ (event.target).closest("button"));
    const message = host();
    if (!pressed || !message) return;
    const { act = "", emoji } = pressed.dataset;
    if (emoji) react(message, emoji);
    else if (act === "pick") pick(message, pressed);
    else if (act === "more") openMenu(message, pressed);
    else perform(verbs.find((verb) => verb.name === act), message);
  });
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    const buttons = [...bar.children];
    const at = buttons.indexOf(document.activeElement);
    /** @type {HTMLElement} */ (buttons.at((at + step) % buttons.length)).focus();
    event.preventDefault();
    event.stopPropagation();
  });
}

/** Whether a message takes reactions at all. @param {HTMLElement} message */
export function offersReactions(message) {
  return message.dataset.deleted === undefined && message.querySelector(".message-body") !== null;
}

function button(act, picture, words) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "message-tool";
  made.dataset.act = act;
  made.title = words;
  made.setAttribute("aria-label", words);
  made.append(icon(picture));
  return made;
}

function emojiButton(emoji) {
  const made = document.createElement("button");
  made.type = "button";
  made.className = "message-tool is-emoji";
  made.dataset.emoji = emoji;
  made.title = WORDS.reactWith(emoji);
  made.setAttribute("aria-label", WORDS.reactWith(emoji));
  made.textContent = emoji;
  return made;
}
