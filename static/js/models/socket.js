/**
 * The one WebSocket of a page: sign-on, answers to commands, resume after a cut, and when to try
 * again. It knows the protocol, and nothing of what rooms or messages look like.
 *
 * Emits `status` with {state, retryAt?, reason?}, and every frame under its type, log events at
 * most once each (by room and seq).
 */

import { Emitter } from "../events.js";
import { Backoff } from "./backoff.js";

const PROTOCOL = "chat.v1";
const READY_TIMEOUT_MS = 10_000; // the server allows a client as long to say hello
const ANSWER_TIMEOUT_MS = 10_000;
const PONG_TIMEOUT_MS = 8_000; // a network that takes longer is as good as cut
const STABLE_MS = 10_000; // a connection that lived less does not count as recovered
const DEFAULT_HEARTBEAT_S = 25;

const RESTART_SPREAD_MS = 3_000; // all clients of a server that restarts come back within this time

const CLOSED_ABNORMALLY = 1006;
const RESTART = 1012;
const NOT_SIGNED_IN = 4401;
const FOREIGN_ORIGIN = 4403;
const REPLACED = 4409;
const BUFFER_FULL = 4503;

/** Why no further try is made, by close code. */
const FINAL = new Map([
  [NOT_SIGNED_IN, "signed-out"],
  [FOREIGN_ORIGIN, "foreign-origin"],
  [REPLACED, "replaced"],
]);

/** A command that was refused, or whose outcome is not known (`unknown`, or `offline`: not even sent). */
export class CommandError extends Error {
  /** @param {string} code @param {string} detail @param {number} [retryAfter] seconds */
  constructor(code, detail, retryAfter) {
    super(detail);
    this.name = "CommandError";
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

export class Socket extends Emitter {
  #url;
  #epoch;
  #cursors;
  #backoff;
  /** @type {WebSocket|null} */
  #link = null;
  /** @type {{state: "idle"|"connecting"|"open"|"waiting"|"stopped", retryAt?: number, reason?: string}} */
  #status = { state: "idle" };
  /** @type {Map<string, {resolve: (data: any) => void, reject: (error: Error) => void, timer: number}>} */
  #waiting = new Map();
  #readyAt = 0;
  #heardAt = 0;
  #refs = 0;
  #retryTimer = 0;
  #readyTimer = 0;
  #heartbeatTimer = 0;
  #pongTimer = 0;

  /**
   * @param {Object} options
   * @param {string} options.url
   * @param {string|null} options.epoch
   * @param {import("./cursors.js").Cursors} options.cursors
   * @param {Backoff} [options.backoff]
   */
  constructor({ url, epoch, cursors, backoff = new Backoff() }) {
    super();
    this.#url = url;
    this.#epoch = epoch;
    this.#cursors = cursors;
    this.#backoff = backoff;
    addEventListener("online", () => this.#awake());
    addEventListener("offline", () => this.#probe()); // a hint only: the server may be on this machine
    document.addEventListener("visibilitychange", () => {
      if (document.visibilityState === "visible") this.#awake();
    });
  }

  get status() {
    return this.#status;
  }

  get isOpen() {
    return this.#status.state === "open";
  }

  /** Connect, unless a connection lives or is under way. */
  start() {
    if (this.#link) return;
    clearTimeout(this.#retryTimer);
    const link = new WebSocket(this.#url, [PROTOCOL]);
    this.#link = link;
    link.addEventListener("open", () => this.#greet());
    link.addEventListener("message", (event) => {
      if (link === this.#link) this.#receive(JSON.parse(event.data));
    });
    link.addEventListener("close", (event) => this.#lost(link, event.code));
    this.#readyTimer = setTimeout(() => this.#drop(), READY_TIMEOUT_MS);
    this.#become({ state: "connecting" });
  }

  /** Let go without a further try until `start`, as a page does that is being left. */
  suspend() {
    clearTimeout(this.#retryTimer);
    this.#release({ state: "idle" });
  }

  /** Try now instead of at the time planned; the next waits are short again. */
  retryNow() {
    this.#backoff.reset();
    this.start();
  }

  /**
   * Send a command and wait for its answer.
   * @param {string} type
   * @param {Record<string, any>} fields
   * @param {string} [ref] what names the command in its answer
   * @returns {Promise<any>} the data of its `ack`
   * @throws {CommandError}
   */
  request(type, fields, ref = this.#nextRef()) {
    return new Promise((resolve, reject) => {
      if (!this.isOpen) {
        reject(new CommandError("offline", "There is no connection."));
        return;
      }
      const timer = setTimeout(
        () => this.#settle(ref)?.reject(new CommandError("unknown", "The server did not answer in time.")),
        ANSWER_TIMEOUT_MS,
      );
      this.#waiting.set(ref, { resolve, reject, timer });
      this.#send({ type, ref, ...fields });
    });
  }

  /**
   * Send a frame that nobody needs an answer to; without a connection it is dropped.
   * @param {Record<string, any>} frame
   */
  notify(frame) {
    if (this.isOpen) this.#send({ ref: this.#nextRef(), ...frame });
  }

  #nextRef() {
    this.#refs += 1;
    return `c${this.#refs}`;
  }

  #send(frame) {
    this.#link?.send(JSON.stringify(frame));
  }

  #become(status) {
    this.#status = status;
    this.emit("status", status);
  }

  #greet() {
    const chunks = this.#cursors.chunks();
    chunks.forEach((cursors, index) => {
      const type = index === 0 ? { type: "hello", audience: "web", epoch: this.#epoch } : { type: "resume" };
      // Rooms whose cursor is still to come must not be live before it.
      this.#send({ ...type, ref: this.#nextRef(), cursors, more: index < chunks.length - 1 });
    });
  }

  #receive(frame) {
    this.#heardAt = Date.now();
    if (frame.type === "ack") {
      this.#settle(frame.ref)?.resolve(frame.data);
      return;
    }
    if (frame.type === "error") {
      const error = new CommandError(frame.code, frame.detail, frame.retry_after);
      const command = this.#settle(frame.ref);
      if (command) command.reject(error);
      else console.warn("The server refused a frame:", frame.code, frame.detail);
      return;
    }
    if (frame.type === "ready") this.#ready(frame);
    else if (frame.type === "room.reset") this.#cursors.reset(frame.room, frame.head_seq);
    else if (frame.type === "room.added") this.#cursors.reset(frame.room.id, frame.room.head_seq);
    else if (frame.type === "room.removed") this.#cursors.forget(frame.room);
    else if (frame.seq !== undefined && !this.#cursors.admit(frame.room, frame.seq)) return;
    if (frame.ref !== undefined) this.#settle(frame.ref)?.resolve(frame);
    this.emit(frame.type, frame);
  }

  #ready(frame) {
    clearTimeout(this.#readyTimer);
    this.#epoch = frame.epoch;
    this.#cursors.retain(new Set(frame.rooms.map((room) => room.id)));
    for (const room of frame.rooms) this.#cursors.follow(room.id, room.head_seq);
    this.#readyAt = Date.now();
    this.#heartbeatTimer = setInterval(() => this.#probe(), (frame.heartbeat_s ?? DEFAULT_HEARTBEAT_S) * 1000);
    this.#become({ state: "open" });
  }

  /** Ask for a sign of life; a connection that gives none is given up. */
  #probe() {
    if (!this.isOpen) return;
    const askedAt = Date.now();
    this.#send({ type: "ping", ref: this.#nextRef() });
    clearTimeout(this.#pongTimer);
    this.#pongTimer = setTimeout(() => {
      if (this.#heardAt < askedAt) this.#drop();
    }, PONG_TIMEOUT_MS);
  }

  /** The network or the person is back: the planned wait no longer makes sense. */
  #awake() {
    if (this.#status.state === "waiting") this.retryNow();
    else this.#probe();
  }

  /** Give up a connection that no longer answers; its own close could take minutes to come. */
  #drop() {
    if (this.#link) this.#lost(this.#link, CLOSED_ABNORMALLY);
  }

  /** @param {{state: string, retryAt?: number, reason?: string}} status what the connection becomes */
  #release(status) {
    const link = this.#link;
    this.#link = null;
    clearTimeout(this.#readyTimer);
    clearTimeout(this.#pongTimer);
    clearInterval(this.#heartbeatTimer);
    link?.close();
    // Before the commands fail: whoever hears of it must not take this connection for a living one.
    this.#become(status);
    // A page that is left gives its commands up by itself: that is not a try that failed.
    const code = status.state === "idle" ? "offline" : "unknown";
    for (const ref of [...this.#waiting.keys()]) {
      this.#settle(ref)?.reject(new CommandError(code, "The connection ended before the server answered."));
    }
  }

  #lost(link, code) {
    if (link !== this.#link) return;
    const livedLong = this.#readyAt > 0 && Date.now() - this.#readyAt > STABLE_MS;
    this.#readyAt = 0;
    if (livedLong) this.#backoff.reset();
    const reason = FINAL.get(code);
    if (reason) {
      this.#release({ state: "stopped", reason });
      return;
    }
    const spread = code === RESTART ? Math.random() * RESTART_SPREAD_MS : 0;
    const wait = code === BUFFER_FULL && livedLong ? 0 : this.#backoff.next() + spread;
    this.#retryTimer = setTimeout(() => this.start(), wait);
    this.#release({ state: "waiting", retryAt: Date.now() + wait });
  }

  /** Take the command that `ref` names off the list of those that wait. @param {string|undefined} ref */
  #settle(ref) {
    const command = ref === undefined ? undefined : this.#waiting.get(ref);
    if (!command || ref === undefined) return undefined;
    clearTimeout(command.timer);
    this.#waiting.delete(ref);
    return command;
  }
}
