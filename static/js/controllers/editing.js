/**
 * Editing a message where it stands: the text as it was written, in place of the text as it is
 * shown. Enter saves, Escape cancels. An edit that somebody (or another device) made meanwhile is
 * not overwritten unasked, and what was typed is never lost to a refusal.
 */

import { WORDS } from "../words.js";
import { focusMessage } from "./message-keys.js";
import { attempt } from "./message-verbs.js";

const EDITING = "is-editing";

/**
 * @param {{acts: import("../models/acts.js").Acts}} parts
 * @returns {(message: HTMLElement) => Promise<void>} opens the editor in a message
 */
export function runEditing({ acts }) {
  return async (message) => {
    if (message.classList.contains(EDITING)) return focusEnd(message.querySelector(".message-edit textarea"));
    const { id = "" } = message.dataset;
    const stored = await acts.read(id);
    if (message.classList.contains(EDITING) || !message.isConnected) return;
    openEditor(message, stored, acts);
  };
}

function openEditor(message, stored, acts) {
  const content = message.querySelector(".content");
  const form = document.createElement("form");
  const field = document.createElement("textarea");
  const foot = document.createElement("div");
  const note = document.createElement("p");
  const hint = document.createElement("span");
  const cancel = button(WORDS.cancel, "button", "button is-compact is-plain");
  const save = button(WORDS.saveEdit, "submit", "button is-compact is-primary");
  let base = baseOf(stored);
  let isBusy = false;

  form.className = "message-edit";
  form.dataset.transient = "";
  field.value = stored.content;
  field.dir = "auto";
  field.rows = 1;
  field.setAttribute("aria-label", WORDS.editing);
  note.className = "message-edit-note";
  note.setAttribute("role", "alert");
  note.hidden = true;
  foot.className = "message-edit-foot";
  hint.textContent = WORDS.editHint;
  foot.append(hint, cancel, save);
  form.append(field, note, foot);
  content.after(form);
  message.classList.add(EDITING);
  fit(field);
  focusEnd(field);

  const close = () => {
    form.remove();
    message.classList.remove(EDITING);
    focusMessage(message);
  };
  const warn = (words) => {
    note.textContent = words;
    note.hidden = false;
    field.focus();
  };
  const submit = async () => {
    if (isBusy) return;
    if (field.value.trim() === "") return warn(WORDS.editEmpty);
    isBusy = true;
    form.setAttribute("aria-busy", "true");
    try {
      const now = await acts.edit(message.dataset.id, field.value, base);
      // What the log brings in a moment is shown already: the old text does not come back in between.
      const shown = message.querySelector(".content");
      if (shown && message.dataset.edited !== String(now.edited_seq)) shown.innerHTML = now.html;
      close();
    } catch (error) {
      if (error.name !== "CommandError") throw error;
      if (error.code !== "conflict") warn(WORDS.notDone(error.message));
      else if (await attempt(async () => (base = baseOf(await acts.read(message.dataset.id))))) warn(WORDS.editedMeanwhile);
    } finally {
      isBusy = false;
      form.removeAttribute("aria-busy");
    }
  };
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  field.addEventListener("input", () => fit(field));
  form.addEventListener("keydown", (event) => {
    event.stopPropagation(); // the keys of the timeline mean letters here
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Escape") {
      event.preventDefault();
      close();
    } else if (event.key === "Enter" && event.target === field && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      submit();
    }
  });
  cancel.addEventListener("click", close);
}

/** The newest edit that the editor knows of. */
const baseOf = (stored) => stored.edited_seq ?? stored.seq;

function focusEnd(field) {
  field?.focus({ preventScroll: true });
  field?.setSelectionRange(field.value.length, field.value.length);
  field?.closest(".message-edit")?.scrollIntoView({ block: "nearest" });
}

/** Make the field as high as its text, where the style sheet alone can't. */
function fit(field) {
  if (CSS.supports("field-sizing", "content")) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}

function button(words, type, className) {
  const made = document.createElement("button");
  made.type = type;
  made.className = className;
  made.textContent = words;
  return made;
}
