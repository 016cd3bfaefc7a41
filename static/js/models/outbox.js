/**
 * Messages on their way out. Each is kept in the browser until the server has stored it, so that
 * neither a cut nor a reload loses one, and carries its `client_id` through every retry, so that
 * none is stored twice. A room's messages go out one after the other in the order they were
 * written: behind one that failed, the later ones wait for its writer to retry or discard it.
 *
 * All tabs of a person share the outbox; a lock per room lets one of them send at a time. A tab may
 * hear late of what another has just sent and send it again: the server then answers with the same
 * message.
 *
 * Emits `queued`, `failed`, `sent` {entry, message} and `discarded`, for other tabs' entries too; and
 * `waiting` {entry, code, seconds} when the server has refused a send for now.
 */

import { Emitter } from "../events.js";
import { delay } from "./backoff.js";

const KEY = "outbox:";
const RETRIES = 3; // after the first try, and while connected; then its writer decides
const FIRST_RETRY_MS = 2_000;
const OTHER_TAB_MS = 3_000; // what another tab has written it sends itself, unless it was closed
const LOCK_PATIENCE_MS = 15_000; // longer than a command may take; a tab that froze holds it no longer

/** Answers that the same draft would get again: trying by itself makes no sense. */
const PERMANENT = new Set([
  "unauthenticated", "forbidden", "not_found", "invalid", "conflict", "too_large", "read_only", "gone",
]);

/** Answers by which the same draft will be taken a little later: only time is used up, and no try. */
const FOR_NOW = new Set(["rate_limited", "slow_mode"]);

export class Outbox extends Emitter {
  #store;
  #send;
  #isOpen;
  #locks;
  /** @type {Set<string>} rooms that this tab is sending for */
  #draining = new Set();
  /** @type {Map<string, number>} */
  #timers = new Map();

  /**
   * @param {Object} options
   * @param {import("./store.js").Store} options.store
   * @param {(entry: import("../types.js").OutboxEntry) => Promise<any>} options.send resolves with the stored
   *   message, rejects with a CommandError
   * @param {() => boolean} options.isOpen whether sending makes sense now
   * @param {LockManager} [options.locks] absent in insecure contexts; one `client_id` keeps that harmless
   */
  constructor({ store, send, isOpen, locks = navigator.locks }) {
    super();
    this.#store = store;
    this.#send = send;
    this.#isOpen = isOpen;
    this.#locks = locks;
    store.watch(KEY, (entry) => this.#heardOf(entry));
  }

  /** What waits in a room, oldest first. @param {string} room @returns {import("../types.js").OutboxEntry[]} */
  entries(room) {
    return this.#all().filter((entry) => entry.room === room);
  }

  /**
   * Take a message in. It is kept from now on, and sent as soon as that is possible.
   * @param {string} room
   * @param {string} content
   * @param {import("../types.js").SendExtra} [extra]
   */
  add(room, content, { quote, ...fields } = {}) {
    const last = this.#all().at(-1)?.at ?? 0;
    /** @type {import("../types.js").OutboxEntry} */
    const entry = {
      client_id: newId(),
      room,
      content,
      ...(Object.keys(fields).length > 0 && { fields }),
      ...(quote && { quote }),
      at: Math.max(Date.now(), last + 1),
      attempts: 0,
      notBefore: 0,
      state: "queued",
    };
    this.#save(entry);
    this.emit("queued", entry);
    this.#drain(room);
    return entry;
  }

  /** Try a failed message again, as its writer asks. @param {string} clientId */
  retry(clientId) {
    const entry = this.#get(clientId);
    if (entry?.state !== "failed") return;
    this.#requeue(entry);
    this.#drain(entry.room);
  }

  /** Drop a failed message; those behind it go out. @param {string} clientId */
  discard(clientId) {
    const entry = this.#get(clientId);
    if (entry?.state !== "failed") return;
    // Other tabs see the last value before the removal, and so tell a discarded entry from a sent one.
    this.#save({ ...entry, state: "discarded" });
    this.#store.remove(KEY + clientId);
    this.emit("discarded", entry);
    this.#drain(entry.room);
  }

  /** The message is in the room's log: whatever became of the answer, it went out. @param {any} message */
  settle(message) {
    const entry = message.client_id && this.#get(message.client_id);
    if (!entry) return;
    this.#store.remove(KEY + entry.client_id);
    this.emit("sent", { entry, message });
  }

  /** Send what waits in every room: the connection is there. */
  flush() {
    for (const room of new Set(this.#all().map((entry) => entry.room))) this.#drain(room);
  }

  /** @returns {import("../types.js").OutboxEntry[]} */
  #all() {
    return this.#store
      .values(KEY)
      .filter((entry) => entry.state !== "discarded")
      .sort((one, other) => one.at - other.at);
  }

  /** @param {string} clientId @returns {import("../types.js").OutboxEntry|null} */
  #get(clientId) {
    return this.#store.get(KEY + clientId);
  }

  #save(entry) {
    this.#store.set(KEY + entry.client_id, entry);
  }

  #requeue(entry) {
    const again = { ...entry, state: "queued", attempts: 0, notBefore: 0, reason: undefined };
    this.#save(again);
    this.emit("queued", again);
  }

  /** Another tab changed an entry. @param {import("../types.js").OutboxEntry|null} entry null: it was sent */
  #heardOf(entry) {
    if (!entry) return;
    this.emit(entry.state, entry);
    setTimeout(() => this.#drain(entry.room), OTHER_TAB_MS);
  }

  /** The room's next message that may go out now; sets the alarm if it has to wait. @param {string} room */
  #due(room) {
    clearTimeout(this.#timers.get(room));
    const [head] = this.entries(room);
    if (!head || head.state !== "queued" || !this.#isOpen()) return null;
    const wait = head.notBefore - Date.now();
    if (wait <= 0) return head;
    this.#timers.set(room, setTimeout(() => this.#drain(room), wait));
    return null;
  }

  /** @param {string} room */
  async #drain(room) {
    if (this.#draining.has(room) || !this.#due(room)) return;
    this.#draining.add(room);
    try {
      await this.#alone(room, async () => {
        for (let entry = this.#due(room); entry; entry = this.#due(room)) {
          if (!(await this.#attempt(entry))) return;
        }
      });
    } finally {
      this.#draining.delete(room);
    }
    this.#drain(room); // what was added while the lock was being given back
  }

  /** Run `work` while no other tab sends for this room. @param {string} room @param {() => Promise<void>} work */
  async #alone(room, work) {
    if (!this.#locks) return work();
    const name = `chat:${KEY}${room}`;
    try {
      return await this.#locks.request(name, { signal: AbortSignal.timeout(LOCK_PATIENCE_MS) }, work);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      // TimeoutError: the tab that holds the lock has frozen. AbortError: so had this one, and lost it.
      if (error.name === "TimeoutError") return this.#locks.request(name, { steal: true }, work);
      if (error.name !== "AbortError") throw error;
    }
  }

  /**
   * Send an entry once.
   * @param {import("../types.js").OutboxEntry} entry
   * @returns {Promise<boolean>} whether the next one may be looked at
   */
  async #attempt(entry) {
    const sent = { ...entry, tries: (entry.tries ?? 0) + 1 };
    try {
      this.settle(await this.#send(sent));
    } catch (error) {
      if (error.name !== "CommandError") throw error;
      if (error.code === "offline") return false; // not sent
      // Its event may have come instead of the answer: then there is nothing to try again.
      if (!this.#get(entry.client_id)) return true;
      if (!this.#isOpen() && !PERMANENT.has(error.code)) {
        this.#save(sent); // the connection took the answer along: it goes out again with the next one
        return false;
      }
      this.#missed(sent, error);
    }
    return true;
  }

  #missed(entry, error) {
    const attempts = entry.attempts + (FOR_NOW.has(error.code) ? 0 : 1);
    if (PERMANENT.has(error.code) || attempts > RETRIES) {
      const failed = { ...entry, attempts, state: "failed", reason: error.message };
      this.#save(failed);
      this.emit("failed", failed);
      return;
    }
    const wait = Math.max(delay(entry.attempts, { first: FIRST_RETRY_MS }), (error.retryAfter ?? 0) * 1000);
    this.#save({ ...entry, attempts, notBefore: Date.now() + wait });
    this.emit("waiting", { entry, code: error.code, seconds: wait / 1000 });
  }
}

/** A version 4 UUID; `crypto.randomUUID` is missing on plain-HTTP addresses other than localhost. */
function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
