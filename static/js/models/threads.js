/**
 * The threads that the person follows, and in which of them something is unread. The server says so
 * at the start; replies, and what the person reads and follows anywhere, move it on.
 *
 * Emits `changed` with a thread's root, or null when all may have changed.
 */

import { Emitter } from "../events.js";

export class Threads extends Emitter {
  #viewer;
  /** @type {Set<string>} roots */
  #followed;
  /** @type {Map<string, number>} unread replies by root */
  #unread;

  /**
   * @param {string} viewer
   * @param {{followed: string[], unread: Record<string, number>}} known
   */
  constructor(viewer, { followed, unread }) {
    super();
    this.#viewer = viewer;
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

  /**
   * A message has been written. @param {import("../types.js").Message} message
   * @param {boolean} isMine whether the thread's first message is the person's own: they follow it from its first reply on
   */
  count(message, isMine) {
    const { thread, sender } = message;
    if (!thread || thread.index === null) return;
    if (sender?.id === this.#viewer) {
      // Who writes has read what is above, and follows from now on.
      this.#followed.add(thread.root);
      this.#set(thread.root, 0);
    } else if (this.#followed.has(thread.root) || (isMine && thread.index === 1)) {
      this.#followed.add(thread.root);
      this.#set(thread.root, this.unreadOf(thread.root) + 1);
    }
  }

  /** A `thread.read` frame: where the person stands now. */
  follow({ root, following, unread }) {
    if (following) this.#followed.add(root);
    else this.#followed.delete(root);
    this.#set(root, unread);
  }

  #set(root, unread) {
    if (unread > 0) this.#unread.set(root, unread);
    else this.#unread.delete(root);
    this.emit("changed", root);
  }
}
