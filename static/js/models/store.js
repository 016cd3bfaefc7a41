/**
 * What this browser keeps for one person: drafts and the outbox. One key a value, so that two tabs
 * never overwrite each other's. Where the browser refuses to keep it (full, or private mode), the
 * value lives as long as the page.
 */

export class Store {
  #area;
  #prefix;
  /** @type {Map<string, string>} what the browser refused */
  #unsaved = new Map();

  /** @param {string} userId @param {Storage} [area] */
  constructor(userId, area = localStorage) {
    this.#area = area;
    this.#prefix = `chat:${userId}:`;
  }

  /** The value of a key, or null. @param {string} key @returns {any} */
  get(key) {
    const text = this.#unsaved.get(key) ?? this.#area.getItem(this.#prefix + key);
    return text === null ? null : JSON.parse(text);
  }

  /** @param {string} key @param {any} value */
  set(key, value) {
    const text = JSON.stringify(value);
    try {
      this.#area.setItem(this.#prefix + key, text);
      this.#unsaved.delete(key);
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
      console.warn("The browser's storage is full; this is kept until the page closes.", key);
      this.#unsaved.set(key, text);
    }
  }

  /** @param {string} key */
  remove(key) {
    this.#unsaved.delete(key);
    this.#area.removeItem(this.#prefix + key);
  }

  /** Every value whose key starts with `start`. @param {string} start @returns {any[]} */
  values(start) {
    const keys = new Set([...this.#unsaved.keys()].filter((key) => key.startsWith(start)));
    for (let index = 0; index < this.#area.length; index += 1) {
      const key = this.#area.key(index);
      if (key?.startsWith(this.#prefix + start)) keys.add(key.slice(this.#prefix.length));
    }
    return [...keys].map((key) => this.get(key)).filter((value) => value !== null);
  }

  /**
   * Hear of values that another tab has changed.
   * @param {string} start
   * @param {(value: any|null) => void} listener with the new value, null when it was removed
   */
  watch(start, listener) {
    addEventListener("storage", (event) => {
      if (event.storageArea !== this.#area || !event.key?.startsWith(this.#prefix + start)) return;
      listener(event.newValue === null ? null : JSON.parse(event.newValue));
    });
  }
}
