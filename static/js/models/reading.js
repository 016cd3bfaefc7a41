/**
 * What of a room has really been seen: the messages whose end was in view while the person looked
 * at the page. It begins where they stopped reading, or where they went to the end by themselves;
 * a link into the middle, or a tab in the background, reads nothing. Nor is anything read by itself
 * after it was marked unread, here or on another device, until the person scrolls or comes back.
 */

const SEND_EVERY_MS = 1_000;

export class Reading {
  #room;
  #timeline;
  #history;
  #scroller;
  #attention;
  #unread;
  #send;
  #sendBack;
  /** Up to where the person has read here, as long as the server has not confirmed it; else 0. */
  #unsaid = 0;
  #timer = 0;
  #isFollowing = false;
  /** Whether messages were marked unread and nobody has turned to them since. */
  #isHeld = false;
  #hasLeft = false;

  /**
   * @param {Object} options
   * @param {string} options.room
   * @param {import("./timeline.js").Timeline} options.timeline
   * @param {import("./history.js").History} options.history
   * @param {import("./scroll.js").Scroller} options.scroller
   * @param {import("./attention.js").Attention} options.attention
   * @param {import("./unread.js").Unread} options.unread
   * @param {(number: number) => Promise<void>} options.send tells the server; rejects with a CommandError
   * @param {(number: number) => Promise<{number: number, unread: number, mentions: number}>} options.sendBack
   *   tells the server from where on messages are unread, and resolves with where the person stands then
   */
  constructor({ room, timeline, history, scroller, attention, unread, send, sendBack }) {
    this.#room = room;
    this.#timeline = timeline;
    this.#history = history;
    this.#scroller = scroller;
    this.#attention = attention;
    this.#unread = unread;
    this.#send = send;
    this.#sendBack = sendBack;
    scroller.on("scrolled", () => this.#release());
    scroller.on("moved", () => this.look());
    scroller.on("arrived", () => {
      if (!history.hasAfter) this.skip();
    });
    attention.on("change", () => {
      if (!attention.isHere) this.#hasLeft = true;
      else if (this.#hasLeft) this.#release();
      this.look();
    });
    unread.on("returned", (position) => {
      if (position.room === room) this.#hold();
    });
    unread.on("counts", (state) => {
      if (state.id === room && state.unread === 0) this.#release(); // read elsewhere, or by writing
    });
  }

  /**
   * Whether a position that is said elsewhere is older than what was read here.
   * @param {string} room
   * @param {number} number
   */
  isAhead(room, number) {
    return room === this.#room && number < this.#unsaid;
  }

  /** The person chose to pass over what is unread, up to what they see now. */
  skip() {
    this.#release();
    this.#isFollowing = true;
    this.look();
  }

  /** Whether something unread is left that the person would pass over by writing. */
  get isBehind() {
    return (this.#unread.get(this.#room)?.unread ?? 0) > 0;
  }

  /**
   * Tell what is in view though the position has passed it: by the person's own message, before they
   * saw what is above it. For themselves it is read, and the others are to know that they saw it.
   */
  tellSeen() {
    const seen = this.#attention.isHere ? this.#scroller.lastSeen() : null;
    this.#unsaid = Math.max(this.#unsaid, Number(seen?.dataset.number ?? 0));
    if (this.#unsaid > 0) this.#tellSoon();
  }

  /** Note what is in view now. */
  look() {
    const state = this.#isHeld ? undefined : this.#unread.get(this.#room);
    const seen = state && this.#attention.isHere ? this.#scroller.lastSeen() : null;
    if (!state || !seen) return;
    this.#isFollowing ||= !this.#hasUnreadAbove(state.lastRead);
    const number = Number(seen.dataset.number);
    if (number > state.lastRead && this.#isFollowing) this.#read(number, state.lastRead);
  }

  /**
   * Mark a message and all after it unread, on all devices of the person.
   * @param {number} number
   * @throws {import("./socket.js").CommandError}
   */
  async markUnreadFrom(number) {
    this.#hold();
    try {
      this.#unread.follow({ room: this.#room, ...(await this.#sendBack(number)) });
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  /** The server has said anew where the person stands; tell it what it has missed. */
  resume() {
    const position = this.#unread.get(this.#room)?.lastRead ?? 0;
    if (this.#unsaid > position) this.#read(this.#unsaid, position);
  }

  /** Tell the server how far the person has read, if it does not know. */
  async flush() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    const number = this.#unsaid;
    if (number === 0) return;
    try {
      await this.#send(number);
    } catch (error) {
      if (error.name !== "CommandError") throw error;
      return; // said again by `resume`
    }
    if (this.#unsaid === number) this.#unsaid = 0;
  }

  #hold() {
    clearTimeout(this.#timer);
    this.#timer = 0;
    this.#unsaid = 0;
    this.#isHeld = true;
    this.#hasLeft = !this.#attention.isHere;
    this.#isFollowing = false;
  }

  #release() {
    this.#isHeld = false;
  }

  #read(number, position) {
    const passed = this.#timeline.messages().filter((message) => {
      const each = Number(message.dataset.number);
      return each > position && each <= number && this.#timeline.counts(message);
    });
    this.#unsaid = number;
    this.#unread.advance(this.#room, number, passed.length);
    this.#tellSoon();
  }

  #tellSoon() {
    this.#timer ||= setTimeout(() => this.flush(), SEND_EVERY_MS);
  }

  /** Whether something unread lies above what is in view. */
  #hasUnreadAbove(lastRead) {
    if (this.#history.hasBefore && (this.#timeline.first ?? Infinity) > lastRead + 1) return true;
    const top = Number(this.#scroller.firstSeen()?.dataset.number);
    return this.#timeline.messages().some((message) => {
      const number = Number(message.dataset.number);
      return number > lastRead && number < top && this.#timeline.counts(message);
    });
  }
}
