/** How far this client has followed each room's log. What it has seen it does not take again. */

// A client's frame may have 128 KiB; this leaves room for the rest of it.
const CHUNK_BYTES = 100 * 1024;

export class Cursors {
  /** @type {Map<string, number>} */
  #seqs;

  /** @param {Iterable<[string, number]>} [seqs] room and seq; the first ones are resumed first */
  constructor(seqs = []) {
    this.#seqs = new Map(seqs);
  }

  /** @param {string} room */
  get(room) {
    return this.#seqs.get(room);
  }

  /** Follow a room from `seq` on unless it is followed already. @param {string} room @param {number} seq */
  follow(room, seq) {
    if (!this.#seqs.has(room)) this.#seqs.set(room, seq);
  }

  /** Start a room anew at `seq`, forwards or backwards. @param {string} room @param {number} seq */
  reset(room, seq) {
    this.#seqs.set(room, seq);
  }

  /** @param {string} room */
  forget(room) {
    this.#seqs.delete(room);
  }

  /** Forget every room that is not among these. @param {Set<string>} rooms */
  retain(rooms) {
    for (const room of this.#seqs.keys()) if (!rooms.has(room)) this.#seqs.delete(room);
  }

  /**
   * Take an entry of a room's log: false if it has been seen. Numbers may be missing in between
   * (retention removed them), so a gap is no error.
   * @param {string} room
   * @param {number} seq
   */
  admit(room, seq) {
    const seen = this.#seqs.get(room);
    if (seen !== undefined && seq <= seen) return false;
    this.#seqs.set(room, seq);
    return true;
  }

  /**
   * The cursors as objects that fit a frame each; at least one object, possibly empty.
   * @param {number} [bytes]
   * @returns {Record<string, number>[]}
   */
  chunks(bytes = CHUNK_BYTES) {
    const chunks = [{}];
    let size = 0;
    for (const [room, seq] of this.#seqs) {
      const entry = room.length + String(seq).length + '"":,'.length;
      if (size > 0 && size + entry > bytes) {
        chunks.push({});
        size = 0;
      }
      chunks[chunks.length - 1][room] = seq;
      size += entry;
    }
    return chunks;
  }
}
