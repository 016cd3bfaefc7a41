/** Asks before something that cannot be taken back. */

import { WORDS } from "../words.js";

/**
 * @param {Object} question
 * @param {string} question.title
 * @param {string} question.words
 * @param {string} question.action what the button says
 * @param {Node} [question.shown] what it is about
 * @returns {Promise<boolean>}
 */
export function confirmed({ title, words, action, shown }) {
  const dialog = document.createElement("dialog");
  const heading = document.createElement("h2");
  const text = document.createElement("p");
  const form = document.createElement("form");
  dialog.className = "dialog";
  heading.textContent = title;
  heading.id = "confirm-title";
  dialog.setAttribute("aria-labelledby", heading.id);
  text.textContent = words;
  form.method = "dialog";
  form.className = "dialog-actions";
  form.append(button(WORDS.cancel, "", "button"), button(action, "yes", "button is-danger"));
  dialog.append(heading, ...(shown ? [shown] : []), text, form);
  document.body.append(dialog);
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // on the ground around it
  });
  dialog.showModal();
  /** @type {HTMLElement} */ (form.lastElementChild).focus();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
  });
}

function button(words, value, className) {
  const made = document.createElement("button");
  made.className = className;
  made.value = value;
  made.textContent = words;
  return made;
}
