/**
 * The messages that the page shows, in order: the `<li>` of the list, and what stands between
 * them. It does not know where messages come from, nor where the page is scrolled to.
 *
 * A message is known by its id. An optimistic one has no id yet and is known by the DOM id that the
 * real one will have; only its writer's message may take its place, for others can name a
 * `client_id` too.
 *
 * A message that has changed stays the element that it was: focus, menus and selection stay with it.
 */

import { dayKey, dayName } from "../dates.js";
import { WORDS } from "../words.js";
import { dress, dressOwn } from "./dress.js";
import { dropEmptyFolds, foldAround, isFold } from "./folding.js";
import { morph, takeAttributes } from "./morph.js";
import { Own } from "./own.js";
import { markPinned, requote, setCount, setReplies } from "./parts.js";

const GROUP_MS = 5 * 60_000; // the same person going on within this time is shown as one turn
export const NOTICES = new Set(["join", "leave", "system"]);

/** A message of the room's flow; a list of a thread has a rule of its own. */
const inFlow = (/** @type {HTMLElement} */ message) => message.dataset.threadOnly === undefined;

export class Timeline {
  #list;
  #viewer;
  #own;
  #threads;
  #folds;
  #blocked;
  /** @type {Map<string, HTMLElement>} messages by id */
  #known = new Map();
  /** @type {WeakMap<HTMLElement, number>} the seq up to which an element is true */
  #asOf = new WeakMap();
  /** @type {WeakMap<HTMLElement, string>} content as it came, before anything in it was opened or marked */
  #contents = new WeakMap();
  /** @type {HTMLElement|null} */
  #divider = null;
  /** The position behind which the divider stands. @type {number|null} */
  #readUpTo = null;

  /**
   * @param {HTMLElement} list
   * @param {string} viewer the id of the person who looks
   * @param {Object} [options]
   * @param {Own} [options.own] what that person has done with messages; shared by all lists of the page
   * @param {import("./threads.js").Threads|null} [options.threads] which of them have something unread
   * @param {import("./blocked.js").Blocked|null} [options.blocked] whose messages are folded
   * @param {boolean} [options.folds] whether runs of joins and leaves are shown as one line
   * @param {(message: HTMLElement) => boolean} [options.belongs] which messages stand in this list
   * @param {AbortSignal} [options.signal] ends it, with the panel that the list stands in
   */
  constructor(list, viewer, { own = new Own(), threads = null, blocked = null, folds = false, belongs = inFlow, signal } = {}) {
    this.#list = list;
    this.#viewer = viewer;
    this.#own = own;
    this.#threads = threads;
    this.#blocked = blocked;
    this.#folds = folds;
    this.belongs = belongs;
    const again = (id) => {
      const message = this.#known.get(id);
      if (message) dressOwn(message, this.#reader);
    };
    own.on("change", again, { signal });
    threads?.on("changed", again, { signal });
  }

  get #reader() {
    return { id: this.#viewer, own: this.#own, threads: this.#threads, blocked: this.#blocked };
  }

  /** How many messages are shown, the optimistic ones not counted. */
  get size() {
    return this.#known.size;
  }

  /** The oldest and the newest number shown; null when there is none. */
  get first() {
    return numberOf(this.#edge("firstElementChild", "nextElementSibling"));
  }

  get last() {
    return numberOf(this.#edge("lastElementChild", "previousElementSibling"));
  }

  /** @param {number} number @returns {HTMLElement|null} */
  numbered(number) {
    return this.#list.querySelector(`.message[data-number="${number}"]`);
  }

  /** @param {string} id @returns {HTMLElement|null} */
  get(id) {
    return this.#known.get(id) ?? null;
  }

  /** The optimistic message of a send. @param {string} clientId @returns {HTMLElement|null} */
  pending(clientId) {
    return this.#list.querySelector(`#m-${CSS.escape(clientId)}.message:not([data-id])`);
  }

  /** Whether a send of the viewer is shown, still optimistic or already real. @param {string} clientId */
  shows(clientId) {
    return this.#list.querySelector(`#m-${CSS.escape(clientId)}.message.is-mine`) !== null;
  }

  /** Whether a message, or its optimistic form, is shown. @param {HTMLElement} message */
  has(message) {
    return this.#held(message) !== null;
  }

  /** Dress everything anew: what depends on the reader beyond single messages has changed. */
  redress() {
    for (const message of this.#list.querySelectorAll(".message")) dress(message, this.#reader);
  }

  /** Take over what the server has rendered into the page. @param {number} asOf */
  adopt(asOf) {
    const messages = [...this.#list.querySelectorAll(".message")];
    this.own(messages, this.#list.dataset.own);
    for (const message of messages) {
      this.#known.set(message.dataset.id, message);
      this.#asOf.set(message, asOf);
      this.#dress(message);
    }
    for (const message of this.#known.values()) this.#mend(message);
  }

  /**
   * Take over what a page says of the reader's own acts.
   * @param {HTMLElement[]} messages those on the page
   * @param {string} [json] `data-own` of its list
   */
  own(messages, json) {
    if (json !== undefined) this.#own.load(messages.map((message) => message.dataset.id ?? ""), JSON.parse(json));
  }

  /**
   * Show a message at its place, instead of an older form of it if there is one.
   * @param {HTMLElement} message is used up
   * @param {number} asOf the seq up to which it is true
   * @returns {boolean} false when what is shown is newer
   */
  put(message, asOf) {
    const held = this.#held(message);
    if (held && (this.#asOf.get(held) ?? 0) > asOf) return false;
    this.#dress(message);
    if (held && held.dataset.number === message.dataset.number) {
      this.#become(held, message);
    } else {
      if (held) this.#take(held);
      this.#place(message);
    }
    const shown = held?.isConnected ? held : message;
    this.#known.set(message.dataset.id, shown);
    this.#asOf.set(shown, asOf);
    this.#mend(shown);
    this.#mend(next(shown));
    return true;
  }

  /**
   * Apply an event that tells of a message without bringing it: a reaction, a pin, a thread's reply.
   * What it says is absolute, so that applying it twice does no harm.
   * @param {import("../types.js").LogFrame} frame
   */
  change({ type, seq, data }) {
    const message = this.#known.get(data.message);
    if (!message || (this.#asOf.get(message) ?? 0) >= seq) return;
    this.#asOf.set(message, seq);
    if (type === "reaction.added" || type === "reaction.removed") {
      setCount(message, data.emoji, data.count, type === "reaction.added" && data.count === 1);
      if (data.user?.id === this.#viewer) this.#own.react(data.message, data.emoji, type === "reaction.added");
    } else if (type === "message.pinned" || type === "message.unpinned") {
      markPinned(message, type === "message.pinned");
    }
    dress(message, this.#reader);
  }

  /**
   * A thread has this many replies, or more.
   * @param {string} root
   * @param {number} count
   */
  countReplies(root, count) {
    const message = this.#known.get(root);
    if (message && setReplies(message, count)) dress(message, this.#reader);
  }

  /** Drop all messages up to a number, optimistic ones not. @param {number} number */
  dropThrough(number) {
    for (const message of this.messages()) if (Number(message.dataset.number) <= number) this.#forget(message);
    this.#tidy();
  }

  /** Show an optimistic message, behind all others. @param {HTMLElement} message */
  putPending(message) {
    this.#dress(message);
    message.classList.add("is-pending");
    this.#list.append(message);
    this.#mend(message);
  }

  /** Drop an optimistic message. @param {string} clientId */
  dropPending(clientId) {
    const message = this.pending(clientId);
    if (message) this.#take(message);
  }

  /**
   * An optimistic message has been stored: it gets its place before its event has come.
   * @param {import("../types.js").Message} stored
   */
  confirm(stored) {
    const message = this.pending(stored.client_id ?? "");
    if (!message || this.#known.has(stored.id)) return;
    this.#take(message);
    message.classList.remove("is-pending", "is-failed");
    Object.assign(message.dataset, { id: stored.id, number: stored.number, seq: stored.seq, at: stored.created_at });
    message.querySelector(".message-time")?.setAttribute("href", `/m/${stored.id}/`);
    this.#known.set(stored.id, message);
    this.#dress(message);
    this.#place(message);
    this.#mend(message);
    this.#mend(next(message));
  }

  /** Drop everything, the optimistic messages too. */
  clear() {
    this.#list.replaceChildren();
    this.#known.clear();
    this.#divider = null;
  }

  /** Drop messages from one end. @param {"start"|"end"} end @param {number} count how many stay */
  trim(end, count) {
    if (end === "end") for (const message of this.#list.querySelectorAll(".message:not([data-id])")) message.remove();
    const messages = [...this.#list.querySelectorAll(".message")];
    const surplus = end === "start" ? messages.slice(0, -count) : messages.slice(count);
    surplus.forEach((message) => this.#forget(message));
    this.#tidy();
  }

  #forget(message) {
    this.#known.delete(message.dataset.id);
    message.remove();
  }

  /**
   * Put the line that says where the unread messages begin behind a number; null takes it away.
   * @param {number|null} number
   */
  divide(number) {
    const before = this.#divider && next(this.#divider);
    this.#divider?.remove();
    this.#divider = null;
    this.#readUpTo = number;
    if (before) this.#mend(before);
    if (number === null) return;
    const first = this.messages().find((message) => this.#isUnread(message, number));
    if (first) this.#mend(first);
  }

  /** The line where the unread messages begin, if it is shown. */
  get divider() {
    return this.#divider;
  }

  /** Messages with a number, oldest first. @returns {HTMLElement[]} */
  messages() {
    return [...this.#list.querySelectorAll(".message[data-id]")];
  }

  /** Write the dividers' days again: it is another day now. */
  renameDays() {
    for (const divider of this.#list.querySelectorAll(".day-divider")) {
      divider.firstElementChild.textContent = dayName(new Date(divider.dataset.at));
    }
  }

  /** Whether a message adds to the unread count of the viewer. @param {HTMLElement} message */
  counts(message) {
    const { kind, sender, silent, threadOnly } = message.dataset;
    if (this.belongs === inFlow && (silent !== undefined || threadOnly !== undefined)) return false;
    return !NOTICES.has(kind) && sender !== this.#viewer;
  }

  #isUnread(message, position) {
    return Number(message.dataset.number) > position && this.counts(message);
  }

  #edge(from, onwards) {
    let element = this.#list[from];
    while (element && !element.dataset.number) element = element[onwards];
    return element;
  }

  /** What is shown of a message now. */
  #held(message) {
    const known = this.#known.get(message.dataset.id);
    if (known || message.dataset.sender !== this.#viewer) return known ?? null;
    return this.#list.querySelector(`#${CSS.escape(message.id)}.message:not([data-id])`);
  }

  #place(message) {
    const number = Number(message.dataset.number);
    let before = this.#list.lastElementChild;
    while (before && !(Number(before.dataset.number) < number)) before = before.previousElementSibling;
    if (before) before.after(message);
    else this.#list.prepend(message);
  }

  #take(message) {
    const behind = next(message);
    this.#known.delete(message.dataset.id);
    message.remove();
    if (behind) this.#mend(behind);
    this.#tidy();
  }

  /** Make what is shown of a message what it is now. */
  #become(held, message) {
    const isSame = this.#contents.get(held) === this.#contents.get(message);
    takeAttributes(held, message, (name) => name.startsWith("data-") || name === "id");
    morph(held, message, (shown) => isSame && shown.classList.contains("content"));
    held.classList.remove("is-pending", "is-failed");
    this.#contents.set(held, this.#contents.get(message) ?? "");
    dress(held, this.#reader);
    if (!isSame) requote(this.#list, held);
  }

  /** Add what depends on the viewer: whose it is, times and words. */
  #dress(message) {
    this.#contents.set(message, message.querySelector(".content")?.innerHTML ?? "");
    dress(message, this.#reader);
  }

  /** Make right what stands between a message and the one before it, and whether it goes on a turn. */
  #mend(message) {
    if (!message) return;
    const previous = previousMessage(message);
    for (let between = message.previousElementSibling; between && between !== previous; ) {
      const divider = between;
      between = between.previousElementSibling;
      if (isFold(divider)) continue;
      if (divider === this.#divider) this.#divider = null;
      divider.remove();
    }
    const at = new Date(message.dataset.at);
    const newDay = !previous || dayKey(new Date(previous.dataset.at)) !== dayKey(at);
    const start = isFold(message.previousElementSibling) ? message.previousElementSibling : message;
    if (newDay) start.before(line("day-divider", dayName(at), message.dataset.at, "button"));
    const firstUnread = this.#beginsUnread(message, previous);
    if (firstUnread) {
      this.#divider?.remove();
      this.#divider = line("unread-divider", WORDS.newMessages, message.dataset.at);
      start.before(this.#divider);
    }
    message.classList.toggle("is-grouped", !newDay && !firstUnread && goesOn(previous, message));
    if (this.#folds) foldAround(message);
  }

  #beginsUnread(message, previous) {
    const position = this.#readUpTo;
    if (position === null || !message.dataset.number || !this.#isUnread(message, position)) return false;
    for (let before = previous; before; before = previousMessage(before)) {
      if (Number(before.dataset.number) <= position) return true;
      if (this.#isUnread(before, position)) return false;
    }
    return true;
  }

  /** Remove the dividers that no message follows, and mend the first message. */
  #tidy() {
    while (this.#list.lastElementChild && !isMessage(this.#list.lastElementChild)) this.#list.lastElementChild.remove();
    if (this.#divider && !this.#divider.isConnected) this.#divider = null;
    if (this.#folds) dropEmptyFolds(this.#list);
    const first = this.#list.querySelector(".message");
    if (first) this.#mend(first);
  }
}

/** @param {HTMLElement|null} element @returns {number|null} */
function numberOf(element) {
  return element ? Number(element.dataset.number) : null;
}

function isMessage(element) {
  return element.classList.contains("message");
}

function previousMessage(element) {
  let before = element.previousElementSibling;
  while (before && !isMessage(before)) before = before.previousElementSibling;
  return before;
}

function next(element) {
  let after = element.nextElementSibling;
  while (after && !isMessage(after)) after = after.nextElementSibling;
  return after;
}

function goesOn(previous, message) {
  if (!previous || previous.dataset.sender !== message.dataset.sender) return false;
  if (NOTICES.has(previous.dataset.kind) || NOTICES.has(message.dataset.kind)) return false;
  return new Date(message.dataset.at) - new Date(previous.dataset.at) < GROUP_MS;
}

/** A line between messages. */
function line(name, text, at, kind = "span") {
  const item = document.createElement("li");
  const words = document.createElement(kind);
  if (kind === "button") Object.assign(words, { type: "button", title: WORDS.jumpToDate });
  item.className = name;
  item.dataset.at = at;
  words.textContent = text;
  item.append(words);
  return item;
}
