/**
 * The window onto a room's history that the page holds: which pages are fetched, what is dropped
 * when it grows too large, and how live events and pages under way come together.
 *
 * Every page says up to which seq it is true (`as_of_seq`, read before its rows). An event that
 * arrives while a page is under way may be missing in it, so it is applied to what is shown at once
 * and again to the page if it is later than that.
 *
 * Emits `loading` and `loaded` with the direction, `failed` {direction, error}, `reset` when the
 * window has moved elsewhere and everything in it is new, and `drawn` after live events.
 */

import { Emitter } from "../events.js";

const PAGE_SIZE = 50;
// Messages that the page may hold, and how many stay when it holds more: many screens either way.
const MAX_MESSAGES = 400;
const KEPT_MESSAGES = 300;

const CREATIONS = new Set(["message.created", "member.joined", "member.left"]);

export class History extends Emitter {
  #timeline;
  #url;
  #keep;
  #nearEnd;
  #fetch;
  /** @type {{direction: string, cancel: AbortController}|null} */
  #load = null;
  /** Events that arrived while a page is under way. @type {import("../types.js").LogFrame[]} */
  #held = [];
  /** Events that wait for the next frame of the screen: a replay is one change of the layout. */
  #arrived = [];
  #parser = document.createElement("template");

  /**
   * @param {Object} options
   * @param {import("./timeline.js").Timeline} options.timeline
   * @param {string} options.url where the room's pages are
   * @param {boolean} options.hasBefore
   * @param {boolean} options.hasAfter
   * @param {(change: () => void) => void} options.keep runs a change without moving what is being read
   * @param {() => boolean} options.nearEnd whether the reader is nearer to the end than to the start
   * @param {typeof fetch} [options.fetch]
   */
  constructor({ timeline, url, hasBefore, hasAfter, keep, nearEnd, fetch = globalThis.fetch.bind(globalThis) }) {
    super();
    this.#timeline = timeline;
    this.#url = url;
    this.hasBefore = hasBefore;
    this.hasAfter = hasAfter;
    this.#keep = keep;
    this.#nearEnd = nearEnd;
    this.#fetch = fetch;
  }

  /** Load the page before the oldest message shown. */
  async loadBefore() {
    if (!this.hasBefore || this.#load || this.#timeline.first === null) return;
    await this.#read("before", this.#timeline.first, (page) => {
      this.hasBefore = page.hasBefore;
    });
  }

  /** Load the page after the newest message shown. */
  async loadAfter() {
    if (!this.hasAfter || this.#load || this.#timeline.last === null) return;
    await this.#read("after", this.#timeline.last, (page) => {
      this.hasAfter = page.hasAfter;
    });
  }

  /** Show the newest page in place of what is shown. @returns {Promise<boolean>} whether it is shown now */
  loadLatest() {
    return this.#moveTo("latest", null);
  }

  /** Show the page around a number in place of what is shown. @param {number} number */
  loadAround(number) {
    return this.#moveTo("around", number);
  }

  /** Try again what failed. @param {string} direction */
  async again(direction) {
    if (direction === "before") await this.loadBefore();
    else if (direction === "after") await this.loadAfter();
    else await this.loadLatest();
  }

  /**
   * Apply a log event of the room, with all others that arrive until the screen is drawn.
   * @param {import("../types.js").LogFrame} frame
   */
  apply(frame) {
    if (this.#load) this.#held.push(frame);
    this.#arrived.push(frame);
    if (this.#arrived.length > 1) return;
    if (document.hidden) setTimeout(() => this.#draw()); // a hidden page draws no frames
    else requestAnimationFrame(() => this.#draw());
  }

  #draw() {
    const frames = this.#arrived;
    this.#arrived = [];
    this.#keep(() => {
      for (const frame of frames) this.#show(frame);
      this.#bound();
    });
    this.emit("drawn");
  }

  #show(frame) {
    if (frame.type === "messages.purged") return this.#timeline.dropThrough(frame.data.floor_number);
    if (!frame.fragment) return this.#timeline.change(frame);
    this.#count(frame);
    this.#parser.innerHTML = frame.fragment;
    const message = /** @type {HTMLElement} */ (this.#parser.content.querySelector("li"));
    if (this.#timeline.has(message) || (CREATIONS.has(frame.type) && this.#isMissing(message))) {
      this.#timeline.put(message, frame.seq);
    }
  }

  /** A reply tells how many its thread has. */
  #count({ type, data }) {
    const isReply = type === "message.created" && data.thread && data.thread.index !== null;
    if (isReply) this.#timeline.countReplies(data.thread.root, data.thread.count);
  }

  /** Whether a new message belongs into the window. */
  #isMissing(message) {
    return this.#timeline.belongs(message) && this.#covers(Number(message.dataset.number));
  }

  /** Whether a message of this number belongs into the window. */
  #covers(number) {
    const { first, last } = this.#timeline;
    if (first === null || last === null) return !this.hasAfter;
    return (!this.hasAfter || number < last) && (!this.hasBefore || number > first);
  }

  async #moveTo(direction, number) {
    this.#load?.cancel.abort();
    this.#load = null;
    return this.#read(direction, number, (page) => {
      this.#timeline.clear();
      this.hasBefore = page.hasBefore;
      this.hasAfter = page.hasAfter;
    });
  }

  /**
   * @param {string} direction
   * @param {number|null} number
   * @param {(page: {hasBefore: boolean, hasAfter: boolean}) => void} arrive takes over what the page says
   * @returns {Promise<boolean>} false when it failed or another load took its place
   */
  async #read(direction, number, arrive) {
    const load = { direction, cancel: new AbortController() };
    this.#load = load;
    this.#held = [];
    this.emit("loading", direction);
    try {
      const page = await this.#page(direction, number, load.cancel.signal);
      if (this.#load !== load) return false;
      this.#keep(() => {
        arrive(page);
        this.#timeline.own(page.messages, page.own);
        for (const message of page.messages) this.#timeline.put(message, page.asOf);
        for (const frame of this.#held) if (frame.seq > page.asOf) this.#show(frame);
        this.#bound();
      });
    } catch (error) {
      if (this.#load !== load) return false;
      this.#load = null;
      this.emit("failed", { direction, error });
      return false;
    }
    this.#load = null;
    this.#held = [];
    if (direction === "latest" || direction === "around") this.emit("reset", direction);
    this.emit("loaded", direction);
    return true;
  }

  async #page(direction, number, signal) {
    const query = new URLSearchParams({ limit: String(PAGE_SIZE) });
    if (number !== null) query.set(direction, String(number));
    const response = await this.#fetch(`${this.#url}?${query}`, { signal, headers: { Accept: "text/html" } });
    if (!response.ok) throw new Error(`The page of messages answered ${response.status}.`);
    const list = new DOMParser().parseFromString(await response.text(), "text/html").querySelector("ol[data-page]");
    if (!list) throw new Error("The answer is no page of messages.");
    return {
      messages: /** @type {HTMLElement[]} */ ([...list.querySelectorAll("li.message")]),
      hasBefore: list.dataset.hasBefore === "true",
      hasAfter: list.dataset.hasAfter === "true",
      asOf: Number(list.dataset.asOfSeq),
      own: list.dataset.own,
    };
  }

  /** Keep the window small: drop messages at the end of it that the reader is farther from. */
  #bound() {
    if (this.#timeline.size <= MAX_MESSAGES) return;
    if (this.#nearEnd()) {
      this.#timeline.trim("start", KEPT_MESSAGES);
      this.hasBefore = true;
    } else {
      this.#timeline.trim("end", KEPT_MESSAGES);
      this.hasAfter = true;
    }
  }
}
