/**
 * Runs of people who come and go, shown as one line that can be opened. The messages stay in their
 * place without height, so that what reads positions finds them where they are.
 */

import { WORDS } from "../words.js";

const LEAST = 2; // one alone is a line already
const LINE = "fold";
const FOLDED = "is-folded";

/** Whether an element between messages is such a line. @param {Element|null|undefined} element */
export const isFold = (element) => element?.classList.contains(LINE) ?? false;

/** Fold anew around a message that has come, gone or changed. @param {HTMLElement|null} message */
export function foldAround(message) {
  if (!message) return;
  if (!isPassing(message)) {
    message.classList.remove(FOLDED);
    for (const neighbour of [before(message), after(message)]) if (isPassing(neighbour)) foldRun(neighbour);
    return;
  }
  foldRun(message);
}

/** Remove the lines that no run follows. @param {HTMLElement} list */
export function dropEmptyFolds(list) {
  for (const fold of list.querySelectorAll(`.${LINE}`)) {
    const next = /** @type {HTMLElement|null} */ (fold.nextElementSibling);
    if (isPassing(next)) foldRun(next);
    else fold.remove();
  }
}

/** @param {HTMLElement} message one of the run */
function foldRun(message) {
  const run = [message];
  for (let each = before(message); isPassing(each); each = before(each)) run.unshift(each);
  for (let each = after(message); isPassing(each); each = after(each)) run.push(each);
  const [line, ...surplus] = linesOf(run);
  surplus.forEach((each) => each.remove());
  if (run.length < LEAST) {
    line?.remove();
    run[0].classList.remove(FOLDED);
    return;
  }
  const fold = line ?? makeLine();
  if (run[0].previousElementSibling !== fold) run[0].before(fold);
  const button = fold.querySelector("button");
  const text = wordsOf(run);
  if (button.textContent !== text) button.textContent = text;
  fold.dataset.at = run[0].dataset.at ?? "";
  show(fold, run);
}

/** @param {HTMLElement} fold @param {HTMLElement[]} run */
function show(fold, run) {
  const isOpen = fold.querySelector("button").getAttribute("aria-expanded") === "true";
  for (const message of run) message.classList.toggle(FOLDED, !isOpen);
}

function makeLine() {
  const line = document.createElement("li");
  const button = document.createElement("button");
  line.className = LINE;
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  line.append(button);
  return line;
}

/** Open or close a line. @param {HTMLElement} fold */
export function toggleFold(fold) {
  const button = fold.querySelector("button");
  button.setAttribute("aria-expanded", String(button.getAttribute("aria-expanded") !== "true"));
  const first = /** @type {HTMLElement|null} */ (fold.nextElementSibling);
  if (isPassing(first)) foldRun(first);
}

function wordsOf(run) {
  const names = (what) => {
    const found = run.filter((message) => passingOf(message) === what);
    return [...new Map(found.map((message) => [message.dataset.sender || message.id, nameOf(message)])).values()];
  };
  return [...new Set(run.map(passingOf))].map((what) => WORDS[what](names(what))).join(" · ");
}

/** The name of the words for what one of a run tells. @param {HTMLElement} message */
function passingOf({ dataset }) {
  if (dataset.kind === "join") return "joined";
  return dataset.by ? "wereRemoved" : "wentAway";
}

const nameOf = (message) => message.querySelector(".message-author")?.textContent ?? "";

/** @param {HTMLElement|null} element */
function isPassing(element) {
  return element?.classList.contains("message") === true && ["join", "leave"].includes(element.dataset.kind ?? "");
}

/** The neighbour, past a line of a run; null where a divider stands between. */
function before(message) {
  const element = message.previousElementSibling;
  return /** @type {HTMLElement|null} */ (isFold(element) ? element.previousElementSibling : element);
}

function after(message) {
  const element = message.nextElementSibling;
  return /** @type {HTMLElement|null} */ (isFold(element) ? element.nextElementSibling : element);
}

function linesOf(run) {
  return run.map((message) => /** @type {HTMLElement} */ (message.previousElementSibling)).filter(isFold);
}
