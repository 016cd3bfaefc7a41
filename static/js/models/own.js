/**
 * What the person has done with messages themselves: their reactions, their votes, what they saved.
 * The messages as all see them do not say. Pages bring it; live events and this client's own acts
 * move it on.
 *
 * Emits `change` with the id of the message.
 */

import { Emitter } from "../events.js";

/**
 * @typedef {Object} Acts
 * @property {string[]} reactions  emoji
 * @property {number[]} votes      options of its poll
 * @property {boolean} saved
 */

/** @type {Readonly<Acts>} */
const NONE = Object.freeze({ reactions: [], votes: [], saved: false });

export class Own extends Emitter {
  /** @type {Map<string, Acts>} */
  #acts = new Map();

  /** @param {string} id @returns {Readonly<Acts>} */
  of(id) {
    return this.#acts.get(id) ?? NONE;
  }

  /**
   * Take over what a page says of its messages; of those that it does not name, there is nothing.
   * @param {Iterable<string>} ids the messages on the page
   * @param {Record<string, Partial<Acts>>} acts by message
   */
  load(ids, acts) {
    for (const id of ids) {
      if (acts[id]) this.#acts.set(id, { ...NONE, ...acts[id] });
      else this.#acts.delete(id);
    }
  }

  /** @param {string} id @param {string} emoji @param {boolean} on */
  react(id, emoji, on) {
    const others = this.of(id).reactions.filter((each) => each !== emoji);
    this.#set(id, { reactions: on ? [...others, emoji] : others });
  }

  /** @param {string} id @param {number[]} votes */
  vote(id, votes) {
    this.#set(id, { votes });
  }

  /** @param {string} id @param {boolean} saved */
  save(id, saved) {
    this.#set(id, { saved });
  }

  /** Something else of what depends on the person has changed. @param {string} id */
  touch(id) {
    this.emit("change", id);
  }

  #set(id, change) {
    this.#acts.set(id, { ...this.of(id), ...change });
    this.emit("change", id);
  }
}
