/**
 * Finding messages: the keys that open the search, suggestions of filters while one types, recent
 * searches, and results that stay beside the message that one jumps to.
 *
 * The server answers each search with a page of the panel; `messaging/search/query.py` has the
 * language. Here nothing is searched.
 */

import { call } from "../api.js";
import { clockTime, dayName, fullTime } from "../dates.js";
import { icon } from "../icons.js";
import { avatarOf, textIn } from "../people.js";
import { WORDS } from "../words.js";
import { openPanel, whenPanel } from "./panel.js";

const ADDRESS = "/search/";
const RECENT_KEY = "searched";
const RECENT_KEPT = 8;
const SUGGESTED = 8;
const TYPE_AHEAD_MS = 3_000; // a panel that takes longer has failed, or the person has gone on
const PAUSE_MS = 120; // between the last letter and asking the server who that may be
const WIDE = "(min-width: 1100px)"; // where the panel has a column of its own
const BESIDE_KEY = "search-beside"; // the results to be shown again beside the page that is loaded
const GOES_ON_MAX = 20; // parts of a long past that are looked through without being asked

/** What stands before the cursor, from the last space on. */
const TYPED = /(?:^|\s)(-?)((?:(\w+):)?([^\s"]*))$/u;
const VALUES = {
  has: ["link", "file", "image", "poll"],
  is: ["pinned"],
  before: ["today", "yesterday"],
  after: ["yesterday"],
  on: ["today", "yesterday"],
};
const FILTERS = /** @type {const} */ (["from", "in", "before", "after", "on", "has", "is", "mentions"]);

/**
 * @typedef {Object} Suggestion
 * @property {string} text      what comes in place of what was typed
 * @property {Node[]} content   how it looks
 * @property {boolean} [isWhole] it is a search of its own
 */

/**
 * @param {Object} parts
 * @param {{id: string, slug: string}|null} parts.here the open room
 * @param {import("../types.js").Room[]} parts.rooms
 * @param {import("../models/store.js").Store} parts.store
 */
export function runSearch({ here, rooms, store }) {
  const ahead = typeAhead();
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
    const isChord = event.key.toLowerCase() === "f" && event.shiftKey && (event.ctrlKey || event.metaKey);
    const isSlash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target);
    if (!isChord && !isSlash) return;
    event.preventDefault();
    const field = /** @type {HTMLInputElement|null} */ (document.querySelector(".panel-page[data-kind=search] [name=q]"));
    if (field) return field.select();
    ahead.begin();
    return openPanel(here ? `${ADDRESS}?${new URLSearchParams({ here: here.slug })}` : ADDRESS, WORDS.search);
  });
  whenPanel("search", ({ root, url, signal }) => {
    runPage({ root, url, signal, here, rooms, store });
    ahead.end(root.querySelector("[name=q]"));
  });
  keepBeside();
}

/** Keeps what is typed between the key and the field: it was not meant for the composer. */
function typeAhead() {
  let text = "";
  let isSent = false;
  let since = -Infinity;
  const isOn = () => performance.now() - since < TYPE_AHEAD_MS;
  addEventListener(
    "keydown",
    (event) => {
      if (!isOn() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
      if (event.key === "Enter") isSent = text !== "";
      else if (event.key === "Backspace") text = text.slice(0, -1);
      else if (event.key.length === 1) text += event.key;
      else {
        since = -Infinity;
        return;
      }
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    { capture: true },
  );
  return {
    begin() {
      [text, isSent, since] = ["", false, performance.now()];
    },
    /** @param {HTMLInputElement} field */
    end(field) {
      if (!isOn()) return;
      since = -Infinity;
      field.value += text;
      field.focus({ preventScroll: true });
      if (isSent) field.form.requestSubmit();
      else if (text) field.dispatchEvent(new InputEvent("input"));
    },
  };
}

/** @param {EventTarget|null} target */
const isTyping = (target) =>
  target instanceof HTMLElement && (target.isContentEditable || target.matches("input, textarea, select"));

/** After a jump to another room, show the results again beside it. */
function keepBeside() {
  document.addEventListener("click", (event) => {
    const link = /** @type {HTMLElement} */ (event.target).closest?.("#panel a.search-hit");
    if (!link || event.defaultPrevented || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const url = history.state?.panel?.url;
    if (!url || !matchMedia(WIDE).matches) return;
    sessionStorage.setItem(BESIDE_KEY, JSON.stringify({ path: new URL(link.href).pathname, url }));
  });
  const kept = JSON.parse(sessionStorage.getItem(BESIDE_KEY) ?? "null");
  sessionStorage.removeItem(BESIDE_KEY);
  // After all else has started, the panel too.
  if (kept?.path === location.pathname) queueMicrotask(() => openPanel(kept.url, WORDS.search));
}

function runPage({ root, url, signal, here, rooms, store }) {
  const form = /** @type {HTMLFormElement} */ (root.querySelector(".search-form"));
  const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("q"));
  /** @type {HTMLInputElement} */ (form.elements.namedItem("time_zone")).value = new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const recent = () => /** @type {string[]} */ (store.get(RECENT_KEY) ?? []);
  const search = (text) => {
    field.value = text;
    form.requestSubmit();
  };

  field.setSelectionRange(field.value.length, field.value.length); // what is typed next goes on from there
  const asked = root.dataset.asked.trim();
  if (asked && root.querySelector(".search-hit")) {
    store.set(RECENT_KEY, [asked, ...recent().filter((each) => each !== asked)].slice(0, RECENT_KEPT));
  }
  form.addEventListener("change", (event) => {
    if (event.target !== field && field.value.trim()) form.requestSubmit();
  });
  runSuggestions({ field, list: root.querySelector("#search-suggestions"), signal, search, recent, here, rooms });
  showRecent({ root, recent, search, forget: () => store.remove(RECENT_KEY) });
  root.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("[data-insert]");
    if (!button) return;
    field.value = `${field.value.trimEnd()} ${button.dataset.insert}`.trimStart();
    field.focus();
    field.dispatchEvent(new InputEvent("input"));
  });
  dressTimes(root);
  goOn({ root, signal });
  if (url.includes("q=") && root.closest("#panel")) root.querySelector(".panel-body").scrollTop = 0;
}

function dressTimes(root) {
  for (const time of root.querySelectorAll(".search-hit time, .search-reach time")) {
    const date = new Date(time.dateTime);
    const isToday = date.toDateString() === new Date().toDateString();
    time.textContent = isToday && time.closest(".search-hit") ? clockTime(date) : dayName(date);
    time.title = fullTime(date);
  }
}

/** A long past is looked through in parts: go on while nothing has been found in it. */
function goOn({ root, signal }) {
  let parts = 0;
  const step = () => {
    const more = /** @type {HTMLAnchorElement|null} */ (root.querySelector("a[data-more]"));
    const isEmpty = !root.querySelector(".search-hit");
    const reach = root.querySelector("[data-reach]");
    if (reach && !more?.hasAttribute("data-goes-on")) reach.remove();
    const nothing = /** @type {HTMLElement|null} */ (root.querySelector("[data-nothing]"));
    if (nothing) nothing.hidden = Boolean(more) || !isEmpty;
    if (!more?.hasAttribute("data-goes-on") || !isEmpty || parts >= GOES_ON_MAX || !root.closest("#panel")) return;
    parts += 1;
    more.click();
  };
  document.addEventListener(
    "panel:grown",
    (event) => {
      const grown = /** @type {CustomEvent} */ (event).detail.root;
      const problem = grown.querySelector(".search-problem");
      if (problem) {
        root.querySelector("[data-list]").after(problem);
        return;
      }
      const [reach, now] = [root.querySelector("[data-reach] time"), grown.querySelector("[data-reach] time")];
      if (reach && now) reach.replaceWith(now);
      dressTimes(root);
      step();
    },
    { signal },
  );
  step();
}

function showRecent({ root, recent, search, forget }) {
  const section = /** @type {HTMLElement|null} */ (root.querySelector("[data-recent]"));
  if (!section || recent().length === 0) return;
  const items = recent().map((text) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.type = "button";
    button.append(icon("clock", "is-small"), textIn("span", "", text));
    button.addEventListener("click", () => search(text));
    item.append(button);
    return item;
  });
  section.querySelector("ul").replaceChildren(...items);
  section.querySelector("[data-forget]").addEventListener("click", () => {
    forget();
    section.hidden = true;
    root.querySelector("[name=q]").focus();
  });
  section.hidden = false;
}

/** A list under the field; arrows choose, Enter and Tab take, Escape closes. */
function runSuggestions({ field, list, signal, search, recent, here, rooms }) {
  /** @type {Suggestion[]} */
  let shown = [];
  let chosen = -1; // none: Enter searches
  let question = 0;
  const spoken = textIn("span", "visually-hidden", "");
  spoken.setAttribute("role", "status");
  list.after(spoken);
  for (const [name, value] of Object.entries({
    role: "combobox", "aria-autocomplete": "list", "aria-controls": list.id, "aria-expanded": "false",
  })) field.setAttribute(name, value);

  const hide = () => {
    list.hidden = true;
    shown = [];
    chosen = -1;
    spoken.textContent = "";
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  };
  const close = () => {
    question += 1; // an answer that is under way comes too late
    hide();
  };
  const mark = (index) => {
    chosen = index;
    [...list.children].forEach((option, place) => option.setAttribute("aria-selected", String(place === chosen)));
    if (chosen < 0) return field.removeAttribute("aria-activedescendant");
    list.children[chosen].scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", list.children[chosen].id);
  };
  const show = (suggestions) => {
    if (suggestions.length === 0) return hide();
    shown = suggestions.slice(0, SUGGESTED);
    list.replaceChildren(
      ...shown.map(({ content }, index) => {
        const option = document.createElement("li");
        option.id = `${list.id}-${index}`;
        option.className = "search-suggestion";
        option.setAttribute("role", "option");
        option.append(...content);
        return option;
      }),
    );
    list.hidden = false;
    field.setAttribute("aria-expanded", "true");
    mark(-1);
    spoken.textContent = WORDS.suggestions(shown.length);
  };
  const take = (index) => {
    const { text, isWhole } = shown[index];
    close();
    if (isWhole) return search(text);
    const caret = field.selectionStart;
    const typed = TYPED.exec(field.value.slice(0, caret))[2];
    const isOpen = text.endsWith(":"); // its value comes next
    field.setRangeText(isOpen ? text : `${text} `, caret - typed.length, caret, "end");
    if (isOpen) look();
  };
  const look = async () => {
    const mine = (question += 1);
    const match = field.selectionStart === field.selectionEnd && TYPED.exec(field.value.slice(0, field.selectionStart));
    if (!match) return close();
    const [, , typed, name, value] = match;
    if (!field.value) return show(recent().map(asRecent));
    if (!typed) return close();
    if (name === undefined) return show(FILTERS.filter((each) => each.startsWith(typed.toLowerCase())).map(asFilter));
    const filter = name.toLowerCase();
    if (filter in VALUES) {
      return show(VALUES[filter].filter((each) => each.startsWith(value.toLowerCase())).map((each) => asValue(filter, each)));
    }
    if (filter === "in") return show(roomsLike(rooms, value).map((room) => asRoom(room)));
    if (filter !== "from" && filter !== "mentions") return close();
    const me = "me".startsWith(value.toLowerCase()) ? [asValue(filter, "me")] : [];
    const known = peopleLike(rooms.flatMap((room) => room.peer ?? []), value);
    show([...me, ...known.map((person) => asPerson(filter, person))]);
    if (!here) return undefined;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    if (mine !== question) return undefined;
    const members = await membersLike(here.id, value);
    if (mine !== question) return undefined;
    const people = new Map([...known, ...members].map((person) => [person.id, person]));
    return show([...me, ...[...people.values()].map((person) => asPerson(filter, person))]);
  };

  field.addEventListener("input", (event) => {
    if (!(/** @type {InputEvent} */ (event).isComposing)) look();
  }, { signal });
  field.addEventListener("compositionend", look, { signal });
  field.addEventListener("blur", close, { signal });
  field.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.ctrlKey || event.altKey || event.metaKey) return;
    if (list.hidden) {
      if (event.key !== "ArrowDown") return;
      look();
    } else if (event.key === "ArrowDown") mark(chosen + 1 < shown.length ? chosen + 1 : -1);
    else if (event.key === "ArrowUp") mark(chosen < 0 ? shown.length - 1 : chosen - 1);
    else if (event.key === "Enter" && chosen >= 0) take(chosen);
    else if (event.key === "Tab" && !event.shiftKey && chosen >= 0) take(chosen);
    else if (event.key === "Escape") close();
    else return;
    event.preventDefault();
    event.stopPropagation(); // Escape closes the list and not the panel
  }, { signal });
  field.form.addEventListener("submit", close, { signal });
  // The field keeps the focus, or the list would close before the press arrives.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = /** @type {HTMLElement} */ (event.target).closest("[role=option]");
    if (option) take([...list.children].indexOf(option));
  });
}

/** @returns {Suggestion} */
const asRecent = (text) => ({ text, isWhole: true, content: [icon("clock", "is-small"), textIn("span", "", text)] });
const asFilter = (name) => ({
  text: `${name}:`,
  content: [textIn("b", "", `${name}:`), textIn("span", "hint", WORDS.searchFilters[name])],
});
const asValue = (name, value) => ({
  text: `${name}:${value}`,
  content: [...(value === "me" ? [icon("person", "is-small")] : []), textIn("b", "", value)],
});
const asRoom = ({ name, slug, peer }) => ({
  text: `in:${peer ? `@${peer.username}` : slug}`,
  content: [peer ? avatarOf(peer) : icon("hash", "is-small"), textIn("b", "", name)],
});
const asPerson = (name, person) => ({
  text: `${name}:${person.username}`,
  content: [avatarOf(person), textIn("b", "", person.display_name), textIn("span", "hint", `@${person.username}`)],
});

/** Letters without case and accents. @param {string} text */
const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();

/** @param {import("../types.js").Room[]} rooms @param {string} value */
function roomsLike(rooms, value) {
  const wanted = fold(value.replace(/^[#@]/, ""));
  // A conversation of several has no name that could be typed.
  const named = rooms.filter((room) => room.kind !== "direct" || room.peer);
  return named.filter((room) => fold(room.name).includes(wanted) || room.slug.startsWith(wanted));
}

/** @param {import("../types.js").Person[]} people @param {string} value */
function peopleLike(people, value) {
  const wanted = fold(value.replace(/^@/, ""));
  return people.filter((person) => fold(person.username).startsWith(wanted) || fold(person.display_name).includes(wanted));
}

/** @param {string} room @param {string} value @returns {Promise<import("../types.js").Person[]>} none, if they cannot be asked for */
async function membersLike(room, value) {
  const asked = new URLSearchParams({ limit: String(SUGGESTED), ...(value && { q: value.replace(/^@/, "") }) });
  try {
    const { results } = await call("GET", `rooms/${room}/members/?${asked}`);
    return results.map(({ user }) => user);
  } catch (error) {
    if (error.name !== "CommandError") throw error;
    return []; // what was known is shown already
  }
}
