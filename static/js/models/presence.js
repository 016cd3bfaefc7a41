/**
 * How people are, as the server tells of whom this page shows: of the room in view, of those that are
 * watched beside it, and of the person themselves. Emits `change` with {ids: Set<string>} and `own`.
 */

import { Emitter } from "../events.js";

export const OFFLINE = "offline";

/**
 * @typedef {"online"|"away"|"dnd"|"offline"|"invisible"} Status
 * @typedef {{availability: "automatic"|"dnd"|"invisible", until: string|null}} Availability
 */

export class Presence extends Emitter {
  /** Of the room in view. @type {Map<string, Status>} */
  #room = new Map();
  /** Of those who are watched. @type {Map<string, Status>} */
  #watched = new Map();

  /** @param {Availability} own what the person says of themselves */
  constructor(own) {
    super();
    /** @type {Availability} */
    this.own = own;
  }

  /** @param {string} id @returns {Status} */
  of(id) {
    return this.#watched.get(id) ?? this.#room.get(id) ?? OFFLINE;
  }

  /** The answer to `view`: everybody else in the room is offline. @param {Record<string, Status>} statuses */
  loadRoom(statuses) {
    const before = this.#room;
    this.#room = new Map(Object.entries(statuses));
    this.#changed(before, this.#room);
  }

  /** The answer to `watch`. @param {Record<string, Status>} statuses @param {Iterable<string>} watched */
  loadWatched(statuses, watched) {
    const before = this.#watched;
    this.#watched = new Map([...watched].map((id) => [id, statuses[id] ?? OFFLINE]));
    this.#changed(before, this.#watched);
  }

  /** What changed. @param {boolean} ofRoom or of those watched @param {Record<string, Status>} statuses */
  merge(ofRoom, statuses) {
    const known = ofRoom ? this.#room : this.#watched;
    for (const [id, status] of Object.entries(statuses)) known.set(id, status);
    this.emit("change", { ids: new Set(Object.keys(statuses)) });
  }

  /** @param {Availability} own */
  setOwn(own) {
    this.own = own;
    this.emit("own", own);
  }

  #changed(before, now) {
    this.emit("change", { ids: new Set([...before.keys(), ...now.keys()]) });
  }
}
