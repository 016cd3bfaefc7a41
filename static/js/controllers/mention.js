/**
 * Whom `@` offers: the members of the room, first those who wrote here last or were mentioned last,
 * and the words for everybody, with how many that is. Before everybody in a large room is called,
 * the composer asks.
 */

import { call } from "../api.js";
import { avatarOf, textIn } from "../people.js";
import { WORDS } from "../words.js";

const PATTERN = /(?:^|[^\p{L}\p{N}_@/.-])@([\p{L}\p{N}_-]{0,50})$/u;
const CALL = /(?:^|[^\p{L}\p{N}_@/.-])@(room|here)(?![\p{L}\p{N}_-])/iu;
const CODE = /```[\s\S]*?(?:```|$)|`[^`\n]*`/g;
const SHOWN = 8;
const FEW = 3; // two are called by their names
const ASKED = 50; // of a room with no more members, the first answer is all there is to know
const PAUSE_MS = 120;
const REMEMBERED = 30; // people mentioned last, kept in this browser
const RECENT_KEY = "mentioned";

/** @typedef {import("../types.js").Person} Person */

/**
 * @param {Object} parts
 * @param {string} parts.room
 * @param {HTMLFormElement} parts.form says how many members there are and whether everybody may be called
 * @param {string} parts.viewer
 * @param {() => string[]} parts.writers ids of who wrote here, the last one first
 * @param {import("../models/store.js").Store} parts.store
 * @returns {import("./suggest.js").Source}
 */
export function mentionSource({ room, form, viewer, writers, store }) {
  /** @type {Map<string, Person>} */
  const known = new Map();
  /** Answers by what was asked. @type {Map<string, Promise<boolean>>} */
  const asked = new Map();
  let isComplete = false;

  /** Get to know who matches. @returns {Promise<boolean>} whether the server could be asked */
  const learn = (query) => {
    const held = asked.get(query);
    if (held) return held;
    const search = new URLSearchParams({ limit: String(ASKED), ...(query && { q: query }) });
    const answer = call("GET", `rooms/${room}/members/?${search}`).then(
      ({ results, next }) => {
        for (const { user } of results) known.set(user.id, user);
        if (!query && !next) isComplete = true;
        return true;
      },
      (error) => {
        if (error.name !== "CommandError") throw error;
        asked.delete(query); // a later letter tries again
        return false;
      },
    );
    asked.set(query, answer);
    return answer;
  };
  const remember = (id) => {
    const before = /** @type {string[]} */ (store.get(RECENT_KEY) ?? []);
    store.set(RECENT_KEY, [id, ...before.filter((each) => each !== id)].slice(0, REMEMBERED));
  };
  const everybody = (query) => {
    const count = Number(form.dataset.members);
    if (form.dataset.mayCall === undefined || count < FEW) return [];
    const words = { room: WORDS.callRoom(count), here: WORDS.callHere };
    return Object.entries(words)
      .filter(([word]) => word.startsWith(query.toLowerCase()))
      .map(([word, hint]) => ({
        key: word,
        insert: `@${word}`,
        content: [textIn("span", "suggestion-sign", "@"), textIn("b", "", word), textIn("span", "suggestion-hint", hint)],
      }));
  };
  /** @param {Person} person */
  const asSuggestion = (person) => ({
    key: person.id,
    insert: `@${person.username}`,
    content: [
      avatarOf(person),
      textIn("b", "", person.display_name),
      textIn("span", "suggestion-hint", `@${person.username}`),
    ],
    chosen: () => remember(person.id),
  });
  const matches = (query) => {
    const last = [...writers(), ...(store.get(RECENT_KEY) ?? [])];
    const rank = (person) => {
      const at = last.indexOf(person.id);
      return at < 0 ? Infinity : at;
    };
    const found = [...known.values()].filter((person) => person.id !== viewer && nearness(person, query) < Infinity);
    found.sort(
      (one, other) =>
        rank(one) - rank(other) ||
        nearness(one, query) - nearness(other, query) ||
        one.display_name.localeCompare(other.display_name),
    );
    const people = found.slice(0, SHOWN).map(asSuggestion);
    // Without a letter it is a person that is looked for; everybody is called by name only.
    return query ? [...people, ...everybody(query)] : [...people.slice(0, SHOWN - 2), ...everybody("")];
  };

  return {
    pattern: PATTERN,
    label: WORDS.mentionWhom,
    async *find(query) {
      if (known.size > 0) yield matches(query);
      await learn("");
      if (!isComplete && query) {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS)); // whoever types on asks for more at once
        yield matches(query);
        await learn(query.toLowerCase());
      }
      yield matches(query);
    },
  };
}

/** How well a name fits: 0 its beginning, 1 that of a later word, 2 of the username; or not at all. */
function nearness(person, query) {
  if (!query) return 0;
  const wanted = fold(query);
  const name = fold(person.display_name);
  if (name.startsWith(wanted)) return 0;
  if (name.split(/[\s-]+/u).some((word) => word.startsWith(wanted))) return 1;
  return fold(person.username).startsWith(wanted) ? 2 : Infinity;
}

const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();

/**
 * Ask before a large room is called as a whole.
 * @param {import("./composer.js").Composer} composer
 */
export function askBeforeCalling(composer) {
  const { form, field } = composer;
  const box = /** @type {HTMLElement} */ (form.querySelector(".composer-ask"));
  const [send, back] = ["send-anyway", "think-again"].map((act) => box.querySelector(`[data-act=${act}]`));
  let proceed = () => {};
  const hide = () => {
    box.hidden = true;
  };
  composer.guard((content, again) => {
    const word = CALL.exec(content.replace(CODE, " "))?.[1];
    const count = Number(form.dataset.members);
    const isLarge = count >= Number(form.dataset.callWarning);
    if (!word || !isLarge || form.dataset.mayCall === undefined) return true;
    box.querySelector("p").textContent = WORDS.callsMany(word.toLowerCase(), count);
    box.hidden = false;
    proceed = again;
    /** @type {HTMLElement} */ (send).focus();
    return false;
  });
  send.addEventListener("click", () => {
    hide();
    proceed();
  });
  back.addEventListener("click", () => {
    hide();
    field.focus();
  });
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    event.preventDefault();
    hide();
    field.focus();
  });
  field.addEventListener("input", hide);
}
