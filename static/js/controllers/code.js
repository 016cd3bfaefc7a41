/** Code blocks get a button that copies them; what is wider than the page can be scrolled with keys. */

import { copy } from "../clipboard.js";
import { icon } from "../icons.js";
import { WORDS } from "../words.js";

const BLOCKS = ".content pre";
const WIDE = ".content :is(pre > code, .table)";

/**
 * Serve all messages within an element, those that come later too.
 * @param {HTMLElement} within
 */
export function runCode(within) {
  const dress = (/** @type {ParentNode} */ part) => {
    for (const block of part.querySelectorAll(BLOCKS)) addButton(/** @type {HTMLElement} */ (block));
    for (const box of part.querySelectorAll(WIDE)) makeReachable(/** @type {HTMLElement} */ (box));
  };
  new MutationObserver((changes) => {
    for (const { addedNodes, target } of changes) {
      // Of a message that became another one, only the blocks themselves may be new.
      for (const node of addedNodes) if (node instanceof HTMLElement) dress(node.matches(BLOCKS) ? target : node);
    }
  }).observe(within, { childList: true, subtree: true });
  dress(within);
  within.addEventListener("click", (event) => {
    const block = /** @type {HTMLElement} */ (event.target).closest(".code-copy")?.closest("pre");
    if (block) copy(block.querySelector("code")?.textContent ?? "", WORDS.codeCopied);
  });
}

function addButton(block) {
  if (block.querySelector(".code-copy")) return;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "icon-button is-small code-copy";
  button.setAttribute("aria-label", WORDS.copyCode);
  button.title = WORDS.copyCode;
  button.append(icon("copy", "is-small"));
  block.append(button);
}

function makeReachable(box) {
  if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
}
