/** How people look in lists that the client draws itself: picture or initials, name, username. */

const HUES = 12; // accounts/avatars.py has the rule

/** @param {import("./types.js").Person} person @param {"small"|"medium"} [size] @returns {HTMLElement} */
export function avatarOf({ id, display_name: name, avatar }, size = "small") {
  const face = document.createElement(avatar ? "img" : "span");
  face.className = `avatar is-${size}`;
  if (avatar) {
    const image = /** @type {HTMLImageElement} */ (face);
    image.src = avatar;
    image.alt = "";
    return image;
  }
  face.dataset.hue = String(parseInt(id.slice(-2), 16) % HUES);
  face.setAttribute("aria-hidden", "true");
  face.textContent = initialsOf(name);
  return face;
}

/** The first letters of the first and the last word, without what is in brackets. @param {string} name */
function initialsOf(name) {
  const words = (name.replace(/\s*\([^)]*\)\s*$/u, "") || name).split(/[\s._-]+/u).filter(Boolean);
  const letters = words.length > 1 ? [words[0], words.at(-1)] : words;
  return letters.map((word) => [...word][0]).join("").toLocaleUpperCase() || "?";
}

/** A piece of text in an element. @param {string} name @param {string} className @param {string} text */
export function textIn(name, className, text) {
  const element = document.createElement(name);
  element.className = className;
  element.textContent = text;
  return element;
}
