/** Where the person writes: sending by key or button, the draft, its length, and saying “I am typing”. */

import { WORDS } from "../words.js";

const COUNT_FROM = 500; // characters left from which on the count is shown
const DRAFT_PAUSE_MS = 400;

/**
 * @param {Object} parts
 * @param {HTMLFormElement} parts.form
 * @param {string} parts.room
 * @param {import("../models/store.js").Store} parts.store
 * @param {(content: string) => void} parts.send
 * @param {(isTyping: boolean) => void} parts.typing
 */
export function runComposer({ form, room, store, send, typing }) {
  const field = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("content"));
  const limit = field.maxLength;
  const draft = `draft:${room}`;
  const counter = document.createElement("span");
  let timer = 0;

  // The browser would cut a long paste without a word; we count instead, in characters as the server does.
  field.removeAttribute("maxlength");
  form.noValidate = true;
  counter.className = "composer-count";
  counter.id = "composer-count";
  field.setAttribute("aria-describedby", counter.id);
  counter.hidden = true;
  field.after(counter);

  const length = () => [...field.value].length;
  const isBlank = () => field.value.trim() === "";
  const saveDraft = () => {
    clearTimeout(timer);
    if (field.value) store.set(draft, field.value);
    else store.remove(draft);
  };
  const measure = () => {
    const left = limit - length();
    counter.hidden = left > COUNT_FROM;
    counter.classList.toggle("is-over", left < 0);
    counter.textContent = left < 0 ? WORDS.over(-left) : WORDS.left(left);
    field.setAttribute("aria-invalid", String(left < 0));
    fit(field);
  };

  field.addEventListener("input", () => {
    measure();
    typing(!isBlank());
    clearTimeout(timer);
    timer = setTimeout(saveDraft, DRAFT_PAUSE_MS);
  });
  field.addEventListener("keydown", (event) => {
    // 229: Safari ends the composition before the key that ended it arrives.
    if (event.key !== "Enter" || event.isComposing || event.keyCode === 229) return;
    if (event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (isBlank() || length() > limit) return;
    const content = field.value;
    field.value = "";
    saveDraft();
    measure();
    typing(false);
    send(content);
    field.focus();
  });
  addEventListener("pagehide", saveDraft);

  // What the browser has put back after a reload is newer than the draft.
  if (!field.value) field.value = store.get(draft) ?? "";
  measure();
  if (matchMedia("(hover: hover)").matches) field.focus({ preventScroll: true }); // on a phone it opens the keyboard
}

/** Make the field as high as its text, where the style sheet alone can't. */
function fit(field) {
  if (CSS.supports("field-sizing", "content")) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}
