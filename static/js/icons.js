/** The icons of static/img/icons.svg for what the client draws; pages have templates/icon.html. */

const SPRITE = new URL("../img/icons.svg", import.meta.url).pathname;
const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} name
 * @param {string} [className] e.g. `is-small`
 * @returns {SVGElement}
 */
export function icon(name, className = "") {
  const drawing = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  drawing.setAttribute("class", `icon ${className}`.trim());
  drawing.setAttribute("aria-hidden", "true");
  use.setAttribute("href", `${SPRITE}#${name}`);
  drawing.append(use);
  return drawing;
}
