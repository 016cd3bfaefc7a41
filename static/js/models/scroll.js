/**
 * Where the reader is in the history, kept still whatever happens around it. One rule: after any
 * change of the layout (pages, edits, images that arrive, the composer that grows, the keyboard
 * that opens) the bottom stays the bottom for who was there, and for anyone else the first message
 * in view stays where it was on the screen.
 *
 * Emits `moved` when the position or what is in view may have changed, `scrolled` when it was the
 * reader who moved, and `arrived` when they have scrolled down to the bottom.
 */

import { Emitter } from "../events.js";

const AT_BOTTOM_PX = 24; // a finger that stops a little short still means the bottom
const SHIFT_PX = 1; // less than this is how browsers round
const MARGIN_SHARE = 0.2; // where the divider is put, as a share of the height, so that context stays above it

export class Scroller extends Emitter {
  #box;
  #list;
  #stuck = false;
  #top = 0;
  /** @type {{message: HTMLElement, offset: number}|null} */
  #anchor = null;

  /** @param {HTMLElement} box what scrolls @param {HTMLElement} list the messages in it */
  constructor(box, list) {
    super();
    this.#box = box;
    this.#list = list;
    box.style.overflowAnchor = "none"; // the browser would correct the same change a second time
    this.#measure();
    box.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    const observer = new ResizeObserver(() => {
      if (this.#isHidden) return;
      this.#restore();
      this.emit("moved");
    });
    observer.observe(box);
    observer.observe(list);
  }

  /** Whether the reader is at the bottom and stays there as messages arrive. */
  get isAtBottom() {
    return this.#stuck;
  }

  /** Screens of history above and below what is in view. */
  get above() {
    return this.#box.scrollTop / this.#height;
  }

  get below() {
    return this.#distance / this.#height;
  }

  /** Whether the reader is nearer to the end than to the start, however much is being added below them. */
  get isNearEnd() {
    return this.#stuck || this.#distance < this.#box.scrollTop;
  }

  /** Change the layout without moving what is being read. @param {() => void} change */
  keep(change) {
    this.#catchUp(); // with a scroll or a change of the layout that no event has told of yet
    change();
    this.#restore();
    this.emit("moved");
  }

  toBottom() {
    this.#stuck = true;
    this.#restore();
    this.emit("moved");
  }

  /** Bring an element to the middle of the view. @param {HTMLElement} element */
  center(element) {
    const { top, height } = element.getBoundingClientRect();
    this.#moveBy(top - this.#edge - Math.max(0, (this.#height - height) / 2));
  }

  /** Bring an element near the top of the view, with a little of what is before it. @param {HTMLElement} element */
  showFrom(element) {
    this.#moveBy(element.getBoundingClientRect().top - this.#edge - this.#height * MARGIN_SHARE);
  }

  /** Whether an element lies above what is in view. @param {HTMLElement} element */
  isAbove(element) {
    return element.getBoundingClientRect().bottom < this.#edge;
  }

  /**
   * The last message whose end is in view; null when there is none, or the whole box is hidden.
   * @returns {HTMLElement|null}
   */
  lastSeen() {
    if (this.#isHidden) return null;
    const bottom = this.#edge + this.#height + 1; // rounding
    let element = this.#list.children[this.#search((rect) => rect.bottom > bottom)]?.previousElementSibling;
    if (element === undefined) element = this.#list.lastElementChild;
    while (element && !element.dataset.number) element = element.previousElementSibling;
    return element && element.getBoundingClientRect().bottom > this.#edge ? element : null;
  }

  /** The first message of which anything is in view. @returns {HTMLElement|null} */
  firstSeen() {
    if (this.#isHidden) return null;
    const edge = this.#edge;
    let element = this.#list.children[this.#search((rect) => rect.bottom > edge)] ?? null;
    while (element && !element.dataset.number) element = element.nextElementSibling;
    return element;
  }

  /** On a phone the side bar takes the place of the history, which must then keep its position. */
  get #isHidden() {
    return this.#box.clientHeight === 0;
  }

  get #height() {
    return Math.max(1, this.#box.clientHeight);
  }

  get #edge() {
    return this.#box.getBoundingClientRect().top;
  }

  get #distance() {
    return Math.max(0, this.#box.scrollHeight - this.#box.clientHeight - this.#box.scrollTop);
  }

  #moveBy(distance) {
    this.#box.scrollTop += distance;
    this.#stuck = this.#distance <= AT_BOTTOM_PX;
    this.#remember();
    this.emit("moved");
  }

  #scrolled() {
    if (this.#isHidden) return;
    this.#catchUp();
    this.emit("moved");
  }

  /** Take note of how far the reader has scrolled; what moved beside that, the layout moved: undo it. */
  #catchUp() {
    if (this.#isHidden) return;
    const wasStuck = this.#stuck;
    const scrolled = this.#box.scrollTop - this.#top;
    // Who is at the bottom leaves it by moving up, not by what grows below them.
    if (!wasStuck || scrolled < -1) this.#stuck = this.#distance <= AT_BOTTOM_PX;
    if (!this.#stuck) this.#undoShift(scrolled);
    this.#remember();
    if (Math.abs(scrolled) >= SHIFT_PX) this.emit("scrolled");
    if (this.#stuck && !wasStuck) this.emit("arrived");
  }

  #remember() {
    this.#top = this.#box.scrollTop;
    this.#measure();
  }

  /** Note where the first message in view stands: better one that begins in view, for a taller one may grow. */
  #measure() {
    if (this.#isHidden) return;
    const edge = this.#edge;
    let candidate = null;
    for (let index = this.#search((rect) => rect.bottom > edge); index < this.#list.children.length; index += 1) {
      const element = /** @type {HTMLElement} */ (this.#list.children[index]);
      if (!element.classList.contains("message")) continue;
      const { top } = element.getBoundingClientRect();
      if (candidate && top >= edge + this.#height) break;
      candidate = { message: element, offset: top - edge };
      if (top >= edge) break;
    }
    this.#anchor = candidate;
  }

  #restore() {
    if (this.#isHidden) return;
    if (this.#stuck) this.#box.scrollTop = this.#box.scrollHeight;
    else this.#undoShift(0);
    this.#remember();
  }

  /** Bring the anchor back to where it stood, less what the reader has scrolled. @param {number} scrolled */
  #undoShift(scrolled) {
    if (!this.#anchor) return;
    const { message, offset } = this.#anchor;
    // An edit has replaced it by an element of the same id.
    const now = message.isConnected ? message : this.#list.querySelector(`#${CSS.escape(message.id)}`);
    const shift = now ? now.getBoundingClientRect().top - this.#edge - offset + scrolled : 0;
    if (Math.abs(shift) >= SHIFT_PX) this.#box.scrollTop += shift;
  }

  /** The index of the first child for which `isPast` holds; the children's count if for none. */
  #search(isPast) {
    let low = 0;
    let high = this.#list.children.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isPast(this.#list.children[middle].getBoundingClientRect())) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
