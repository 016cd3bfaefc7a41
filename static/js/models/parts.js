/**
 * The parts of a message that change without the message coming anew: its reactions, its pin, how
 * many replies its thread has, how its poll stands. What they are drawn like is said by
 * messaging/fragments.py.
 */

import { wordsOf } from "./dress.js";

const EXCERPT_LENGTH = 200; // as of messaging/wire.py

/**
 * Show how many people reacted with an emoji; none takes it away.
 * @param {HTMLElement} message
 * @param {string} emoji
 * @param {number} count
 * @param {boolean} [begins] nobody did before: it stands behind the others, also where a replayed
 *     message, shown as it is now, has it elsewhere
 */
export function setCount(message, emoji, count, begins = false) {
  const body = message.querySelector(".message-body");
  if (!body) return;
  let bar = body.querySelector(".reactions");
  const chip = chipOf(message, emoji);
  if (count <= 0) {
    if (chip) moveFocusFrom(chip);
    chip?.remove();
    if (bar && !bar.querySelector(".reaction")) bar.remove();
    return;
  }
  if (!bar) {
    bar = document.createElement("div");
    bar.className = "reactions";
    bar.setAttribute("role", "group");
    bar.dataset.name = "reactions";
    const chip = body.querySelector(".thread-chip");
    if (chip) chip.before(bar);
    else body.append(bar);
  }
  const shown = chip ?? makeChip(emoji);
  if (!chip || (begins && shown !== bar.lastElementChild)) bar.append(shown);
  shown.dataset.count = String(count);
  shown.querySelector(".reaction-count").textContent = String(count);
}

/** How many people reacted with an emoji. @param {HTMLElement} message @param {string} emoji */
export function countOf(message, emoji) {
  return Number(chipOf(message, emoji)?.dataset.count ?? 0);
}

/** The mark that a room keeps a message at hand. @param {HTMLElement} message @param {boolean} isPinned */
export function markPinned(message, isPinned) {
  const held = message.querySelector(".message-mark.is-pinned");
  message.toggleAttribute("data-pinned", isPinned);
  if (!isPinned) held?.remove();
  else if (!held) {
    const mark = document.createElement("span");
    mark.className = "message-mark is-pinned";
    mark.dataset.label = "pinned";
    // Where the server puts it: behind “edited”, before the other marks.
    const head = message.querySelector(".message-head");
    head?.insertBefore(mark, head.querySelector(".message-mark:not(.message-edited)"));
  }
}

/**
 * Show how many replies a thread has.
 * @param {HTMLElement} message its root
 * @param {number} count
 * @returns {boolean} false when as many or more are shown already
 */
export function setReplies(message, count) {
  const held = message.querySelector(".thread-chip");
  if (Number(held?.dataset.count ?? 0) >= count) return false;
  const chip = held ?? makeThreadChip();
  chip.dataset.count = chip.querySelector("[data-label]").dataset.count = String(count);
  if (!held) message.querySelector(".message-body")?.append(chip);
  return true;
}

/**
 * Answers quote a message: what was edited or deleted is not left standing in them.
 * @param {HTMLElement} list
 * @param {HTMLElement} message
 */
export function requote(list, message) {
  const isGone = message.dataset.deleted !== undefined;
  for (const quote of list.querySelectorAll(`.reply-to[href="/m/${message.dataset.id}/"]`)) {
    const text = document.createElement("span");
    if (isGone) {
      text.className = "is-gone";
      text.dataset.label = "originalDeleted";
      text.textContent = wordsOf(text);
      quote.replaceChildren(text);
    } else {
      text.dir = "auto";
      text.textContent = message.querySelector(".content").textContent.trim().slice(0, EXCERPT_LENGTH);
      quote.lastElementChild?.replaceWith(text);
    }
  }
}

/**
 * Show how a poll stands.
 * @param {HTMLElement} message
 * @param {{options: {count: number}[], voters: number}} poll
 */
export function setPoll(message, { options, voters }) {
  const poll = message.querySelector(".poll");
  if (!poll) return;
  poll.dataset.voters = String(voters);
  poll.querySelectorAll(".poll-option").forEach((option, index) => {
    const { count = 0 } = options[index] ?? {};
    const bar = option.querySelector("progress");
    option.querySelector(".poll-count").textContent = String(count);
    bar.max = Math.max(1, voters);
    bar.value = count;
  });
  const label = poll.querySelector('[data-label="voters"]');
  label.dataset.count = String(voters);
  label.textContent = wordsOf(label);
}

/** A thread's chip, out of the page's template: the same as templates/messaging/below.html draws. */
function makeThreadChip() {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById("thread-chip-template"));
  return /** @type {HTMLElement} */ (template.content.firstElementChild.cloneNode(true));
}

/** @param {HTMLElement} message @param {string} emoji @returns {HTMLElement|null} */
function chipOf(message, emoji) {
  return message.querySelector(`.reaction[data-emoji="${CSS.escape(emoji)}"]`);
}

/** The same chip as templates/messaging/below.html draws. */
function makeChip(emoji) {
  const chip = document.createElement("button");
  const picture = document.createElement("span");
  const count = document.createElement("span");
  chip.type = "button";
  chip.className = "reaction";
  chip.dataset.emoji = emoji;
  picture.className = "reaction-emoji";
  picture.setAttribute("aria-hidden", "true");
  picture.textContent = emoji;
  count.className = "reaction-count";
  chip.append(picture, count);
  return chip;
}

/** A focused chip that goes gives the focus to its neighbour, or to the message. */
function moveFocusFrom(chip) {
  if (document.activeElement !== chip) return;
  const next = chip.nextElementSibling ?? chip.previousElementSibling ?? chip.closest(".message");
  /** @type {HTMLElement|null} */ (next)?.focus({ preventScroll: true });
}
