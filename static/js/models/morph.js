/**
 * Makes an element that is shown equal to a fresh one, touching only what differs: focus, selection
 * and open menus in the rest of it stay. What the client itself has put in is marked `data-transient`
 * and stays too.
 */

/**
 * @param {HTMLElement} shown
 * @param {HTMLElement} fresh is used up
 * @param {(shown: HTMLElement, fresh: HTMLElement) => boolean} [isSettled] says of a part that it stays as it is
 */
export function morph(shown, fresh, isSettled = () => false) {
  /** @type {ChildNode|null} */
  let at = shown.firstChild;
  for (const wanted of [...fresh.childNodes]) {
    const match = find(at, wanted);
    if (!match) {
      shown.insertBefore(wanted, at);
      continue;
    }
    for (; at !== match; at = drop(at));
    at = match.nextSibling;
    update(match, wanted, isSettled);
  }
  while (at) at = drop(at);
}

/** Take over the attributes of the fresh element for which `isTaken` holds. */
export function takeAttributes(shown, fresh, isTaken = (/** @type {string} */ _name) => true) {
  for (const name of shown.getAttributeNames()) {
    if (isTaken(name) && !fresh.hasAttribute(name)) shown.removeAttribute(name);
  }
  for (const { name, value } of fresh.attributes) {
    if (isTaken(name) && shown.getAttribute(name) !== value) shown.setAttribute(name, value);
  }
}

function update(shown, wanted, isSettled) {
  if (shown.isEqualNode(wanted)) return;
  if (!(shown instanceof Element)) shown.nodeValue = wanted.nodeValue;
  else if (isSettled(shown, wanted)) return;
  else if (keyOf(shown) === "content") shown.replaceWith(wanted); // its parts have no names to tell them apart by
  else {
    takeAttributes(shown, wanted);
    morph(/** @type {HTMLElement} */ (shown), wanted, isSettled);
  }
}

/** The first node from `at` on that may become `wanted`. Text is not looked for: what is before it would go. */
function find(at, wanted) {
  if (!(wanted instanceof Element)) return at?.nodeType === wanted.nodeType ? at : null;
  for (let node = at; node; node = node.nextSibling) {
    if (node.nodeType === wanted.nodeType && !isTransient(node) && keyOf(node) === keyOf(wanted)) return node;
  }
  return null;
}

/** Remove a node unless it is the client's own; return the next. */
function drop(node) {
  const next = node.nextSibling;
  if (!isTransient(node)) node.remove();
  return next;
}

/** What tells the children of one element apart. */
function keyOf(node) {
  if (!(node instanceof Element)) return "";
  const { emoji, option, url } = /** @type {HTMLElement} */ (node).dataset;
  return emoji ?? option ?? url ?? node.classList[0] ?? node.nodeName;
}

function isTransient(node) {
  return node instanceof Element && "transient" in /** @type {HTMLElement} */ (node).dataset;
}
