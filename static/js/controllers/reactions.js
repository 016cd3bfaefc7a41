/**
 * Reacting: a press on a chip, on one of the quick emoji, or in the picker. It is shown at once; the
 * server's answer and the room's log then say what is true. Who reacted is asked for when somebody
 * points at a chip for a moment.
 */

import { WORDS, listed } from "../words.js";
import { countOf, setCount } from "../models/parts.js";
import { focusMessage } from "./message-keys.js";
import { attempt, roomOf } from "./message-verbs.js";
import { placeBeside } from "./placing.js";
import { pickEmoji } from "./emoji-picker.js";

const RECENT = "emoji:recent";
const RECENT_KEPT = 24;
const QUICK = 3;
const FIRST = ["👍", "❤️", "😄", "🎉", "👀"];
const POINTED_MS = 350;

/**
 * @param {Object} parts
 * @param {import("../models/acts.js").Acts} parts.acts
 * @param {import("../models/own.js").Own} parts.own
 * @param {import("../models/store.js").Store} parts.store
 */
export function runReactions({ acts, own, store }) {
  /** @returns {string[]} */
  const recent = () => store.get(RECENT) ?? [];
  const remember = (emoji) => store.set(RECENT, [emoji, ...recent().filter((each) => each !== emoji)].slice(0, RECENT_KEPT));
  const quick = (count = QUICK) => [...new Set([...recent(), ...FIRST])].slice(0, count);

  /** What the person wants of an emoji on a message, while the server is being told. @type {Map<string, boolean>} */
  const wanted = new Map();

  const show = (id, emoji, on) => {
    if (own.of(id).reactions.includes(emoji) === on) return;
    for (const message of shownAs(id)) setCount(message, emoji, countOf(message, emoji) + (on ? 1 : -1));
    own.react(id, emoji, on); // and so the chips are drawn as one's own
  };
  const toggle = async (message, emoji) => {
    const { id } = message.dataset;
    const on = !own.of(id).reactions.includes(emoji);
    if (on) remember(emoji);
    show(id, emoji, on);
    const key = `${id} ${emoji}`;
    const isUnderWay = wanted.has(key);
    wanted.set(key, on);
    if (isUnderWay) return;
    let told = !on;
    const isDone = await attempt(async () => {
      while (wanted.get(key) !== told) {
        told = wanted.get(key) === true;
        const now = await acts.react(id, emoji, told);
        // Some emoji can be written in two ways; the server keeps one.
        if (wanted.get(key) === told) settle(id, emoji, now.reactions);
      }
    });
    wanted.delete(key);
    if (!isDone) show(id, emoji, !told);
  };
  /** The server's own counts in place of the guess. */
  const settle = (id, emoji, reactions) => {
    const isKnown = reactions.some((each) => each.emoji === emoji);
    if (!isKnown) own.react(id, emoji, false);
    for (const message of shownAs(id)) {
      if (!isKnown) setCount(message, emoji, 0);
      for (const each of reactions) setCount(message, each.emoji, each.count);
    }
    own.touch(id);
  };
  const pick = async (message, anchor) => {
    const emoji = await pickEmoji(anchor);
    if (emoji && !own.of(message.dataset.id).reactions.includes(emoji)) toggle(message, emoji);
    focusMessage(message);
  };

  document.addEventListener("click", (event) => {
    const chip = /** @type {HTMLElement|null} */ (/** @type {HTMLElement} */ (event.target).closest?.(".messages .reaction"));
    const message = chip?.closest(".message");
    if (message && roomOf(message).may.has("react")) toggle(message, chip.dataset.emoji);
  });
  tellWho({ acts, own });
  return { toggle, pick, quick };
}

/** Where a message is shown: in the room, and perhaps in its thread too. @returns {HTMLElement[]} */
function shownAs(id) {
  return [...document.querySelectorAll(`.messages > .message[data-id="${id}"]`)];
}

/** The names of those who reacted, beside the chip that is pointed at or has the focus. */
function tellWho({ acts, own }) {
  const tip = document.createElement("div");
  tip.className = "tip";
  tip.id = "reactors";
  tip.popover = "manual";
  tip.setAttribute("role", "tooltip");
  document.body.append(tip);
  /** @type {Map<string, string[]>} the first names, as long as the count is the same */
  const known = new Map();
  /** @type {HTMLElement|null} */
  let pointed = null;
  let timer = 0;

  const namesOf = async (chip) => {
    const { id } = chip.closest(".message").dataset;
    const { emoji, count } = chip.dataset;
    const key = `${id} ${emoji} ${count} ${chip.getAttribute("aria-pressed")}`;
    if (!known.has(key)) {
      const { results } = await acts.reactors(id, emoji);
      const people = results.filter((each) => each.emoji === emoji).map((each) => each.user);
      const isMine = own.of(id).reactions.includes(emoji);
      const me = document.body.dataset.userId;
      const names = people.filter((person) => person.id !== me).map((person) => person.display_name);
      known.set(key, isMine ? [WORDS.you, ...names] : names);
    }
    return known.get(key);
  };
  const leave = () => {
    clearTimeout(timer);
    pointed?.removeAttribute("aria-describedby");
    pointed = null;
    if (tip.matches(":popover-open")) tip.hidePopover();
  };
  const point = (chip) => {
    if (chip === pointed) return;
    leave();
    pointed = chip;
    timer = setTimeout(async () => {
      if (!chip.isConnected) return;
      let names = [];
      try {
        names = await namesOf(chip);
      } catch (error) {
        if (error.name !== "CommandError") throw error;
        return; // the count says enough
      }
      if (pointed !== chip || !chip.isConnected || names.length === 0) return;
      tip.textContent = WORDS.reactedBy(listed(names, Number(chip.dataset.count)), chip.dataset.emoji);
      chip.setAttribute("aria-describedby", tip.id);
      tip.showPopover();
      placeBeside(tip, chip, "start");
    }, POINTED_MS);
  };
  document.addEventListener("pointerover", (event) => {
    const chip = event.pointerType === "mouse" ? event.target.closest?.(".messages .reaction") : null;
    if (chip) point(chip);
    else if (pointed && document.activeElement !== pointed) leave();
  });
  document.addEventListener("focusin", (event) => {
    const chip = /** @type {HTMLElement} */ (event.target).closest(".messages .reaction");
    if (chip?.matches(":focus-visible")) point(chip);
    else if (chip !== pointed) leave();
  });
  document.addEventListener("click", (event) => {
    const chip = /** @type {HTMLElement} */ (event.target).closest?.(".messages .reaction");
    if (!chip || chip !== pointed) return;
    leave(); // what it said is no longer so
    point(chip);
  });
  document.addEventListener("scroll", leave, { capture: true, passive: true });
}
