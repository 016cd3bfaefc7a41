/**
 * What the person has begun to write and not sent, by room and thread: kept in the browser at once,
 * and by the server a moment later, for their other devices. Of two devices the last one wins; what
 * is being written here is never replaced by what comes from elsewhere.
 *
 * Emits `changed` {room, thread, draft, isOther}; `isOther` when another tab or device wrote it.
 */

import { Emitter } from "../events.js";

const KEY = "draft:";
const SYNC_PAUSE_MS = 1_000;
const RETRY_PAUSE_MS = 10_000;

/**
 * @typedef {Object} Quote        A message that is answered, as the composer shows it.
 * @property {string} id
 * @property {string} name
 * @property {string} text
 *
 * @typedef {Object} DraftRecord
 * @property {string} room
 * @property {string|null} thread the root's id
 * @property {string} content
 * @property {Quote|null} reply
 * @property {string|null} at     the server's time of what it has; null before it has any
 * @property {boolean} dirty      whether the server is still to be told
 */

export class Drafts extends Emitter {
  #store;
  #send;
  /** Changes of this page that the server has not acknowledged. @type {Map<string, number>} */
  #timers = new Map();

  /**
   * @param {Object} options
   * @param {import("./store.js").Store} options.store
   * @param {(fields: {room: string, thread: string|null, content: string, reply_to: string|null}) => Promise<{updated_at: string}>}
   *   options.send tells the server; rejects with a CommandError
   */
  constructor({ store, send }) {
    super();
    this.#store = store;
    this.#send = send;
  }

  /** @param {string} room @param {string|null} thread @returns {DraftRecord|null} */
  get(room, thread) {
    const draft = this.#store.get(keyOf(room, thread));
    return draft && !isEmpty(draft) ? draft : null;
  }

  /** Everything that is begun. @returns {DraftRecord[]} */
  all() {
    return this.#store.values(KEY).filter((draft) => !isEmpty(draft));
  }

  /**
   * Keep what the person writes here.
   * @param {string} room
   * @param {string|null} thread
   * @param {string} content
   * @param {Quote|null} reply
   */
  set(room, thread, content, reply) {
    const key = keyOf(room, thread);
    const before = this.#store.get(key);
    const isSame = before ? before.content === content && before.reply?.id === reply?.id : !content && !reply;
    if (isSame) return;
    this.#keep({ room, thread, content, reply, at: before?.at ?? null, dirty: true }, false);
    this.#plan(key, SYNC_PAUSE_MS);
  }

  /** A `draft` frame: it was changed on another device, or in another tab. */
  follow(frame) {
    const { room, thread, content, reply_to: replyTo, updated_at: at } = frame;
    const key = keyOf(room, thread);
    if (this.#timers.has(key)) return; // ours is newer, and on its way
    const before = this.#store.get(key);
    if (before?.at && at < before.at) return;
    const reply = replyTo ? (before?.reply?.id === replyTo ? before.reply : { id: replyTo, name: "", text: "" }) : null;
    this.#keep({ room, thread, content, reply, at, dirty: false }, true);
  }

  /** Take over what the server has, and tell it what it lacks. @param {any[]} kept of the server */
  reconcile(kept) {
    const known = new Set();
    for (const draft of kept) {
      const key = keyOf(draft.room, draft.thread);
      known.add(key);
      const before = this.#store.get(key);
      if (before?.dirty) this.#plan(key, 0);
      else if (before?.at !== draft.updated_at) this.follow(draft);
    }
    for (const draft of this.#store.values(KEY)) {
      const key = keyOf(draft.room, draft.thread);
      if (known.has(key)) continue;
      if (draft.dirty) this.#plan(key, 0);
      else this.#keep({ ...draft, content: "", reply: null }, true); // sent or emptied elsewhere
    }
  }

  /** Forget a room's drafts: its person has left it. @param {string} room */
  forget(room) {
    for (const draft of this.#store.values(KEY)) {
      if (draft.room === room) this.#keep({ ...draft, content: "", reply: null, dirty: false }, true);
    }
  }

  #keep(draft, isOther) {
    const key = keyOf(draft.room, draft.thread);
    // An empty one that the server still has is kept until it knows.
    if (isEmpty(draft) && !draft.dirty) this.#store.remove(key);
    else this.#store.set(key, draft);
    const { room, thread } = draft;
    this.emit("changed", { room, thread, draft: isEmpty(draft) ? null : draft, isOther });
  }

  #plan(key, pause) {
    clearTimeout(this.#timers.get(key));
    this.#timers.set(key, setTimeout(() => this.#tell(key), pause));
  }

  async #tell(key) {
    const draft = this.#store.get(key);
    const timer = this.#timers.get(key);
    if (!draft?.dirty) {
      this.#timers.delete(key);
      return;
    }
    try {
      const { room, thread, content, reply } = draft;
      const { updated_at: at } = await this.#send({ room, thread, content, reply_to: reply?.id ?? null });
      if (this.#timers.get(key) !== timer) return; // it has changed meanwhile, and goes again
      this.#timers.delete(key);
      const now = this.#store.get(key);
      if (now) this.#settle(key, { ...now, at, dirty: false });
    } catch (error) {
      if (error.name !== "CommandError") throw error;
      if (this.#timers.get(key) !== timer) return;
      this.#timers.delete(key);
      // Without a connection it waits for the next one; refused, it stays in this browser.
      if (error.code === "rate_limited") this.#plan(key, (error.retryAfter ?? 0) * 1000 || RETRY_PAUSE_MS);
      else if (error.code !== "offline" && error.code !== "unknown") this.#settle(key, { ...draft, dirty: false });
    }
  }

  #settle(key, draft) {
    if (isEmpty(draft)) this.#store.remove(key);
    else this.#store.set(key, draft);
  }
}

const keyOf = (room, thread) => `${KEY}${room}${thread ? `:${thread}` : ""}`;

const isEmpty = (draft) => draft.content.trim() === "" && !draft.reply;
