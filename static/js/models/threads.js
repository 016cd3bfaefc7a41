/**
 * The threads that the person follows, and in which of them something is unread. The server says so
 * at the start; replies, and what the person reads and follows anywhere, move it on.
 *
 * Emits `changed` with a thread's root, or null when all may have changed.
 */

import { Emitter } from "../events.js";

const WRITTEN = "written"; // ids of the person's newest messages, in any room
const WRITTEN_KEPT = 300;

export class Threads extends Emitter {
  #viewer;
  #store;
  /** @type {Set<string>} roots */
  #followed;
  /** @type {Map<string, number>} unread replies by root */
  #unread;
  /** @type {{root: string, isSeen: () => boolean}|null} */
  #watched = null;

  /**
   * @param {string} viewer
   * @param {{followed: string[], unread: Record<string, number>}} known
   * @param {import("./store.js").Store} store
   */
  constructor(viewer, { followed, unread }, store) {
    super();
    this.#viewer = viewer;
    this.#store = store;
    this.#followed = new Set(followed);
    this.#unread = new Map(Object.entries(unread));
  }

  /** How many threads have something unread. */
  get unread() {
    return this.#unread.size;
  }

  /** Unread replies of a thread. @param {string} root */
  unreadOf(root) {
    return this.#unread.get(root) ?? 0;
  }

  /** A message has been written. @param {import("../types.js").Message} message */
  count({ id, thread, sender }) {
    const isOwn = sender?.id === this.#viewer;
    if (isOwn) this.#remember(id);
    if (!thread || thread.index === null) return;
    const { root } = thread;
    // Who replies has read what is above, and follows from now on; so does who began it, from the first reply on.
    const isBegun = !isOwn && thread.index === 1 && this.#written().includes(root);
    if (isOwn || isBegun) this.#followed.add(root);
    if (!this.#followed.has(root)) return;
    const isSeen = isOwn || (this.#watched?.root === root && this.#watched.isSeen());
    this.#set(root, isSeen ? 0 : this.unreadOf(root) + 1);
  }

  /**
   * A thread is open: what arrives in it is read at once while `isSeen` holds, and not counted for a moment before.
   * @param {string} root
   * @param {() => boolean} isSeen
   * @param {AbortSignal} signal ends it
   */
  watch(root, isSeen, signal) {
    const watched = { root, isSeen };
    this.#watched = watched;
    signal.addEventListener("abort", () => {
      if (this.#watched === watched) this.#watched = null;
    });
  }

  /** A `thread.read` frame: where the person stands now. */
  follow({ root, following, unread }) {
    if (following) this.#followed.add(root);
    else this.#followed.delete(root);
    this.#set(root, unread);
  }

  /** @returns {string[]} */
  #written() {
    return this.#store.get(WRITTEN) ?? [];
  }

  #remember(id) {
    this.#store.set(WRITTEN, [id, ...this.#written()].slice(0, WRITTEN_KEPT));
  }

  #set(root, unread) {
    if (unread > 0) this.#unread.set(root, unread);
    else this.#unread.delete(root);
    this.emit("changed", root);
  }
}
