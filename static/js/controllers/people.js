/**
 * People as they are now: a new name, picture or status shows wherever the person is on the page.
 * And the ways to them: a press on a picture or on a mention opens the panel about whoever it is.
 */

import { isBarred } from "../barred.js";
import { avatarOf } from "../people.js";
import { drawStatus, endStatuses } from "../statuses.js";
import { openPanel, refreshPanel } from "./panel.js";

/** @typedef {import("../types.js").Person & {status: import("../statuses.js").Status|null}} PersonNow */

/** @param {{socket: import("../models/socket.js").Socket, viewer: string}} parts */
export function followPeople({ socket, viewer }) {
  socket.on("user.changed", ({ users }) => {
    for (const person of Object.values(users)) {
      showPerson(/** @type {PersonNow} */ (person), viewer);
      const shown = /** @type {HTMLElement|null} */ (document.querySelector(".panel-page[data-person]"));
      if (shown?.dataset.person === person.id) refreshPanel("profile");
    }
  });
  endStatuses();
  if (isBarred("profile")) leadNowhere();
  else openProfiles();
  mendPictures();
}

/** Show a person as they are now. @param {PersonNow} person @param {string} viewer */
export function showPerson(person, viewer) {
  const id = CSS.escape(person.id);
  for (const name of every(`[data-name-of="${id}"]`)) name.textContent = person.display_name;
  for (const mark of every(`[data-status-of="${id}"]`)) drawStatus(mark, person.status);
  document.dispatchEvent(new CustomEvent("statuses:drawn"));
  for (const message of messagesOf(id)) {
    const author = message.querySelector(".message-author");
    if (author) author.textContent = person.display_name;
    replace(message.querySelector(":scope > .avatar"), person);
  }
  for (const face of every(`.avatar[data-of="${id}"]:not(.is-huge)`)) replace(face, person);
  if (person.id === viewer) document.body.dataset.displayName = person.display_name;
}

/** Those on the page, and what messages on their way are made of. */
function messagesOf(id) {
  const selector = `.message[data-sender="${id}"]`;
  const templates = /** @type {NodeListOf<HTMLTemplateElement>} */ (document.querySelectorAll("#message-template, .blank-message"));
  return [...every(selector), ...[...templates].flatMap(({ content }) => [...content.querySelectorAll(selector)])];
}

/** Another face in the place of one; the same one stays, so that nothing flickers. */
function replace(face, person) {
  if (!face) return;
  const made = avatarOf(person);
  made.className = face.className;
  if (face.dataset.of) made.dataset.of = person.id;
  if (face.tagName === made.tagName && face.getAttribute("src") === made.getAttribute("src") && face.textContent === made.textContent) return;
  face.replaceWith(made);
}

function openProfiles() {
  document.addEventListener("click", (event) => {
    if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const target = /** @type {HTMLElement} */ (event.target);
    const mention = /** @type {HTMLElement|null} */ (target.closest?.(".message .mention[data-user]"));
    const user = mention?.dataset.user;
    if (user && user !== "room" && user !== "here") return openPanel(`/people/${user}/`, mention.textContent);
    const face = target.closest?.(".message > .avatar");
    const author = /** @type {HTMLAnchorElement|null} */ (face?.closest(".message").querySelector("a.message-author"));
    if (author) openPanel(author.getAttribute("href"), author.textContent);
  });
}

/** A name on a message is no way to the person for whoever sees no profiles. */
function leadNowhere() {
  const isAuthor = (event) => /** @type {HTMLElement} */ (event.target).closest?.("a.message-author");
  const stop = (event) => {
    if (!isAuthor(event)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  };
  document.addEventListener("click", stop, { capture: true }); // before the panel takes it for a link to open
}

/** A picture that is not there any more, in a message that a replay brought: initials in its place. */
function mendPictures() {
  const mend = (face) => {
    const message = face instanceof HTMLImageElement && face.matches(".message > .avatar") ? face.closest(".message") : null;
    const name = message?.querySelector(".message-author")?.textContent;
    if (message && name) replace(face, { id: message.dataset.sender, username: name, display_name: name, avatar: null });
  };
  document.addEventListener("error", (event) => mend(event.target), { capture: true }); // it does not bubble
  for (const face of /** @type {HTMLImageElement[]} */ (every(".message > img.avatar"))) {
    if (face.complete && face.naturalWidth === 0) mend(face); // it failed before anybody listened
  }
}

/** @returns {HTMLElement[]} */
const every = (selector) => [...document.querySelectorAll(selector)];
