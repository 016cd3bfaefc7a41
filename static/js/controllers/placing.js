/** Where what floats is put: beside what it belongs to, and within the window. */

const GAP_PX = 4;
const EDGE_PX = 8;

/**
 * Put an open popover below its anchor; above it where there is more room.
 * @param {HTMLElement} popover
 * @param {HTMLElement} anchor
 * @param {"start"|"end"} [flush] which of their ends are in line
 */
export function placeBeside(popover, anchor, flush = "end") {
  const at = anchor.getBoundingClientRect();
  const { width, height } = popover.getBoundingClientRect();
  const below = innerHeight - at.bottom - GAP_PX - EDGE_PX;
  const isBelow = height <= below || below >= at.top;
  const isLeft = (flush === "start") === (getComputedStyle(anchor).direction === "ltr");
  const top = isBelow ? at.bottom + GAP_PX : at.top - GAP_PX - height;
  const left = isLeft ? at.left : at.right - width;
  popover.style.inset = "auto";
  popover.style.margin = "0";
  popover.style.top = `${clamp(top, EDGE_PX, innerHeight - height - EDGE_PX)}px`;
  popover.style.left = `${clamp(left, EDGE_PX, innerWidth - width - EDGE_PX)}px`;
}

const clamp = (value, least, most) => Math.max(least, Math.min(value, Math.max(least, most)));
