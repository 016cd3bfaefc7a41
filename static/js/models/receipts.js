/**
 * How far the other members of the open room have received and read it, as far as they let others
 * know. Watermarks only go forward, so an older answer that comes late does no harm.
 *
 * Emits `change`.
 */

import { Emitter } from "../events.js";

/**
 * @typedef {Object} Watermarks
 * @property {number} received  the number up to which a member's devices have received the room
 * @property {number} read      the number up to which they have read it
 * @property {number} since     it says nothing of messages up to this number: they came later, or told nobody
 */

export class Receipts extends Emitter {
  #viewer;
  /** @type {Map<string, Watermarks>} by user */
  #people = new Map();

  /** @param {string} viewer whose own reading is no receipt of theirs */
  constructor(viewer) {
    super();
    this.#viewer = viewer;
  }

  /** Take over how the room is now; who is not named is no member any more, or tells nobody. @param {Record<string, Watermarks>} people */
  load(people) {
    for (const user of this.#people.keys()) if (!(user in people)) this.#people.delete(user);
    this.merge(people);
  }

  /** Some members have gone on. @param {Record<string, Watermarks>} people */
  merge(people) {
    for (const [user, marks] of Object.entries(people)) {
      if (user === this.#viewer) continue;
      const known = this.#people.get(user);
      this.#people.set(user, known && known.since >= marks.since ? furthest(known, marks) : marks);
    }
    this.emit("change");
  }

  /**
   * How many people a message has reached, and of how many it can be known.
   * @param {number} number
   * @returns {{read: number, received: number, of: number}}
   */
  of(number) {
    const found = { read: 0, received: 0, of: 0 };
    for (const marks of this.#people.values()) {
      if (marks.since >= number) continue;
      found.of += 1;
      if (marks.received >= number) found.received += 1;
      if (marks.read >= number) found.read += 1;
    }
    return found;
  }
}

/** @param {Watermarks} one @param {Watermarks} other @returns {Watermarks} */
function furthest(one, other) {
  return {
    received: Math.max(one.received, other.received),
    read: Math.max(one.read, other.read),
    since: one.since,
  };
}
