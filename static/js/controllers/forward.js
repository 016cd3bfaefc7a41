/** Forwarding: choose rooms, add a comment. Opened by `message:forward` {id, name, text} on the document. */

import { call } from "../api.js";
import { onConfirm, openDialog, showError } from "../dialogs.js";
import { WORDS } from "../words.js";
import { say } from "./toasts.js";

const MOST_ROOMS = 10; // the server takes no more at once

/** @param {{nav: HTMLElement}} parts the list of rooms that it offers */
export function runForwarding({ nav }) {
  document.addEventListener("message:forward", (event) => {
    open(nav, /** @type {CustomEvent} */ (event).detail);
  });
}

function open(nav, { id, name = "", text = "" }) {
  const { dialog, form } = openDialog("forward-dialog");
  const clientId = crypto.randomUUID?.() ?? undefined; // one name for every try: nothing is sent twice
  const list = form.querySelector(".forward-rooms");
  const filter = /** @type {HTMLInputElement} */ (form.querySelector("[type=search]"));
  const send = /** @type {HTMLButtonElement} */ (form.querySelector("button[value=yes]"));
  form.querySelector("blockquote b").textContent = name;
  form.querySelector("blockquote p").textContent = text;
  list.append(...[...nav.querySelectorAll(".room-link:not(.is-archived)")].map(asChoice));

  const ticked = () => /** @type {HTMLInputElement[]} */ ([...list.querySelectorAll("input:checked")]);
  list.addEventListener("change", () => {
    const count = ticked().length;
    send.disabled = count === 0 || count > MOST_ROOMS;
    showError(form, count > MOST_ROOMS ? WORDS.tooManyRooms(MOST_ROOMS) : "");
  });
  filter.addEventListener("input", () => {
    const wanted = fold(filter.value.trim());
    for (const item of list.children) {
      const isChosen = item.querySelector("input").checked;
      /** @type {HTMLElement} */ (item).hidden = !isChosen && !fold(item.textContent).includes(wanted);
    }
  });
  filter.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // chooses the first room found; it is not the end of the form
    const first = list.querySelector("li:not([hidden]) input:not(:checked)");
    if (filter.value.trim()) /** @type {HTMLElement|null} */ (first)?.click();
  });
  onConfirm(form, async () => {
    const rooms = ticked().map((input) => input.value);
    const comment = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("comment")).value.trim();
    send.disabled = true;
    try {
      const { results } = await call("POST", `messages/${id}/forward/`, { rooms, comment, client_id: clientId });
      const refused = results.filter((each) => each.error);
      if (refused.length === 0) {
        dialog.close();
        say(WORDS.forwarded(rooms.length));
        return;
      }
      const names = refused.map((each) => `${nameOf(list, each.room)}: ${each.error.detail}`);
      showError(form, names.join(" "));
      for (const done of results.filter((each) => !each.error)) drop(list, done.room);
    } catch (error) {
      if (error.name !== "CommandError") throw error;
      showError(form, error.message);
    }
    send.disabled = ticked().length === 0;
  });
  filter.focus();
}

/** A room of the side bar as something to tick. @param {HTMLElement} link */
function asChoice(link) {
  const item = document.createElement("li");
  const label = document.createElement("label");
  const box = document.createElement("input");
  box.type = "checkbox";
  box.value = link.dataset.room;
  label.className = "forward-room";
  const mark = link.querySelector(".icon, .avatar").cloneNode(true);
  label.append(box, mark, link.querySelector(".room-name").cloneNode(true));
  item.append(label);
  return item;
}

const choice = (list, room) => list.querySelector(`input[value="${CSS.escape(room)}"]`)?.closest("li");
const nameOf = (list, room) => choice(list, room)?.textContent.trim() ?? "";
const drop = (list, room) => choice(list, room)?.remove();

const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();
