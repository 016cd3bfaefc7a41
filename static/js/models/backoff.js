/** How long to wait before the next try: doubling, with jitter, so that clients don't return in step. */

const FIRST_MS = 500;
const MAX_MS = 30_000;

/**
 * The wait after `step` waits before it, in milliseconds: between half and all of a ceiling that doubles.
 * @param {number} step
 * @param {{first?: number, max?: number, random?: () => number}} [options] milliseconds
 */
export function delay(step, { first = FIRST_MS, max = MAX_MS, random = Math.random } = {}) {
  const ceiling = Math.min(max, first * 2 ** step);
  return ceiling / 2 + (random() * ceiling) / 2;
}

export class Backoff {
  #step = 0;
  #options;

  /** @param {{first?: number, max?: number, random?: () => number}} [options] milliseconds */
  constructor(options = {}) {
    this.#options = options;
  }

  next() {
    const wait = delay(this.#step, this.#options);
    this.#step += 1;
    return wait;
  }

  reset() {
    this.#step = 0;
  }
}
