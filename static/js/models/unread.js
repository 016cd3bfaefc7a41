/**
 * What is unread in every room of the person, and how far they have read. The server's counts are
 * the truth; live events and this client's own reading move them on until the next one.
 *
 * Emits `counts` with the room's state, `read` {room, number} when the position of a room has moved
 * here, for the tabs and for the server, and `returned` {room, number} when it has moved back.
 */

import { Emitter } from "../events.js";

const SILENT_KINDS = new Set(["join", "leave", "system"]);
const CALLS_ALL = new Set(["room", "here"]);

/**
 * @typedef {Object} RoomState
 * @property {string} id
 * @property {number} unread
 * @property {number} mentions
 * @property {number} lastRead    the number up to which the person has read
 * @property {number} lastNumber  the newest number of the room
 * @property {number} headSeq     the seq up to which the counts are true
 * @property {import("../types.js").Preferences} [preferences] what the person has chosen for the room
 */

/** Whether a room does not call for the person now, but where somebody names them. */
export function isQuiet(/** @type {import("../types.js").Preferences|undefined} */ preferences) {
  if (!preferences) return false;
  const until = preferences.notifications_muted_until;
  return preferences.notification_level === "none" || (until !== null && Date.parse(until) > Date.now());
}

export class Unread extends Emitter {
  #viewer;
  #blocked;
  /** @type {Map<string, RoomState>} */
  #rooms = new Map();

  /** @param {string} viewer @param {import("./blocked.js").Blocked|null} [blocked] who calls the person in vain */
  constructor(viewer, blocked = null) {
    super();
    this.#blocked = blocked;
    this.#viewer = viewer;
  }

  /** @param {string} room @returns {RoomState|undefined} */
  get(room) {
    return this.#rooms.get(room);
  }

  /** Unread messages that call the person, in all rooms. */
  get mentions() {
    let total = 0;
    for (const state of this.#rooms.values()) total += state.mentions;
    return total;
  }

  /** Unread messages in all rooms; of those that are to be quiet, only what calls the person. */
  get total() {
    let total = 0;
    for (const state of this.#rooms.values()) total += isQuiet(state.preferences) ? state.mentions : state.unread;
    return total;
  }

  /**
   * The person has chosen something for a room, here or elsewhere.
   * @param {{room: string, preferences: import("../types.js").Preferences}} choice
   */
  prefer({ room, preferences }) {
    const state = this.#rooms.get(room);
    if (state) this.#set({ ...state, preferences });
  }

  /** When the next mute runs out. @returns {number} Infinity: none does */
  get nextSound() {
    const ends = [...this.#rooms.values()].map((state) => Date.parse(state.preferences?.notifications_muted_until ?? ""));
    return Math.min(...ends.filter((end) => end > Date.now()), Infinity);
  }

  /** Time has passed: say all states again. */
  renew() {
    for (const state of this.#rooms.values()) this.emit("counts", state);
  }

  /** Take over the server's counts of all rooms. @param {import("../types.js").Room[]} rooms */
  load(rooms) {
    const listed = new Set(rooms.map((room) => room.id));
    for (const id of this.#rooms.keys()) if (!listed.has(id)) this.#rooms.delete(id);
    for (const room of rooms) this.add(room);
  }

  /** Take over the server's counts of one room. @param {import("../types.js").Room} room */
  add(room) {
    this.#set({
      id: room.id,
      unread: room.unread,
      mentions: room.mentions,
      lastRead: room.last_read_number,
      lastNumber: room.last_number,
      headSeq: room.head_seq,
      ...(room.preferences && { preferences: room.preferences }),
    });
  }

  /** @param {string} room */
  remove(room) {
    const state = this.#rooms.get(room);
    this.#rooms.delete(room);
    if (state) this.emit("counts", { ...state, unread: 0, mentions: 0 });
  }

  /** Count a new message, join or leave. @param {import("../types.js").LogFrame} frame */
  count(frame) {
    const state = this.#rooms.get(frame.room);
    if (!state || frame.seq <= state.headSeq) return;
    const message = frame.data;
    const next = { ...state, headSeq: frame.seq, lastNumber: Math.max(state.lastNumber, message.number) };
    if (message.sender?.id === this.#viewer && !SILENT_KINDS.has(message.kind)) {
      Object.assign(next, { unread: 0, mentions: 0, lastRead: message.number }); // who writes has read what is above
    } else if (!SILENT_KINDS.has(message.kind) && message.number > state.lastRead) {
      // What stands in a thread only, or was sent silently, calls whom it names and counts for nobody else.
      if (message.in_flow !== false && !message.silent) next.unread += 1;
      const isHeard = !this.#blocked?.has(message.sender?.id);
      if (isHeard && message.mentions?.some((each) => each === this.#viewer || CALLS_ALL.has(each))) next.mentions += 1;
    }
    this.#set(next);
  }

  /**
   * The person has read up to a number on this page.
   * @param {string} room
   * @param {number} number
   * @param {number} passed how many messages that count as unread that was
   */
  advance(room, number, passed) {
    const state = this.#rooms.get(room);
    if (!state || number <= state.lastRead) return;
    const isAll = number >= state.lastNumber;
    const unread = isAll ? 0 : Math.max(0, state.unread - passed);
    const next = { ...state, lastRead: number, unread, mentions: unread === 0 ? 0 : state.mentions };
    this.#set(next);
    this.emit("read", { room, number, unread: next.unread, mentions: next.mentions });
  }

  /**
   * The position of a room has moved in another tab or on another device.
   * @param {{room: string, number: number, unread?: number, mentions?: number}} read
   */
  follow(read) {
    const state = this.#rooms.get(read.room);
    if (!state) return;
    const isAll = read.number >= state.lastNumber;
    this.#set({
      ...state,
      lastRead: read.number,
      unread: isAll ? 0 : (read.unread ?? state.unread),
      mentions: isAll ? 0 : (read.mentions ?? state.mentions),
    });
    if (read.number < state.lastRead) this.emit("returned", { room: read.room, number: read.number });
  }

  /** @param {RoomState} state */
  #set(state) {
    this.#rooms.set(state.id, state);
    this.emit("counts", state);
  }
}
