/**
 * Where the person writes, in a room or in a thread: sending by key or button, the message that is
 * answered, the draft, the length. What else a composer has (suggestions, formatting, other ways to
 * send) is in modules of their own that use what `runComposer` returns.
 */

import { WORDS } from "../words.js";

const COUNT_FROM = 500; // characters left from which on the count is shown
const DRAFT_PAUSE_MS = 400;
const WRITING_MS = 5_000; // who has typed within this time is still writing

/** @typedef {import("../models/drafts.js").Quote} Quote */

/**
 * @typedef {Object} Composer
 * @property {HTMLFormElement} form
 * @property {HTMLTextAreaElement} field
 * @property {string} room
 * @property {string|null} thread
 * @property {(quote: Quote|null) => void} reply     answer a message
 * @property {(text: string) => void} insert         put text at the cursor
 * @property {() => {content: string, reply: Quote|null}|null} held  what could be sent now
 * @property {() => void} clear
 * @property {(extra?: Record<string, any>) => void} submit
 * @property {(guard: Guard) => void} guard          ask before every send
 *
 * @typedef {(content: string, again: () => void) => boolean} Guard
 *   false holds the message back; `again` then sends it without asking anew
 */

/**
 * @param {Object} parts
 * @param {HTMLFormElement} parts.form
 * @param {import("../models/drafts.js").Drafts} parts.drafts
 * @param {(content: string, extra: Record<string, any>) => void} parts.send
 * @param {(isTyping: boolean) => void} [parts.typing]
 * @param {AbortSignal} [parts.signal] ends it, with the panel that it stands in
 * @returns {Composer}
 */
export function runComposer({ form, drafts, send, typing = () => {}, signal }) {
  const field = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("content"));
  const { room, thread = null } = form.dataset;
  const bar = replyBar(form);
  const limit = field.maxLength;
  const counter = document.createElement("span");
  /** @type {Guard[]} */
  const guards = [];
  /** @type {Quote|null} */
  let reply = null;
  let timer = 0;
  let typedAt = 0;
  let takingOver = 0; // what comes from elsewhere, held back while somebody writes here

  // The browser would cut a long paste without a word; we count instead, in characters as the server does.
  field.removeAttribute("maxlength");
  form.noValidate = true;
  counter.className = "composer-count";
  counter.id = `${form.id}-count`;
  field.setAttribute("aria-describedby", counter.id);
  counter.hidden = true;
  field.after(counter);

  const length = () => [...field.value].length;
  const isBlank = () => field.value.trim() === "";
  const saveDraft = () => {
    clearTimeout(timer);
    drafts.set(room, thread, field.value, reply);
  };
  const measure = () => {
    const left = limit - length();
    counter.hidden = left > COUNT_FROM;
    counter.classList.toggle("is-over", left < 0);
    counter.textContent = left < 0 ? WORDS.over(-left) : WORDS.left(left);
    field.setAttribute("aria-invalid", String(left < 0));
    fit(field);
  };
  /** Write text, and let everything know that listens to typing. */
  const write = (text) => {
    field.value = text;
    measure();
  };
  const answer = (quote) => {
    reply = quote;
    bar.show(quote);
    saveDraft();
    if (quote) field.focus();
  };
  const clear = () => {
    write("");
    reply = null;
    bar.show(null);
    saveDraft();
    typing(false);
    field.dispatchEvent(new Event("composer:cleared"));
  };
  const held = () => (isBlank() || length() > limit ? null : { content: field.value, reply });
  const submit = (extra = {}, isAsked = false) => {
    const now = held();
    if (!now) return field.focus();
    const again = () => submit(extra, true);
    if (!isAsked && !guards.every((guard) => guard(now.content, again))) return;
    clear();
    send(now.content, { ...(now.reply && { reply_to: now.reply.id, quote: now.reply }), ...extra });
    field.focus();
  };

  field.addEventListener("input", () => {
    typedAt = Date.now();
    clearTimeout(takingOver); // of two devices the last one wins, and that is this one now
    measure();
    typing(!isBlank());
    clearTimeout(timer);
    timer = setTimeout(saveDraft, DRAFT_PAUSE_MS);
  });
  field.addEventListener("keydown", (event) => {
    // 229: Safari ends the composition before the key that ended it arrives.
    if (event.defaultPrevented || event.isComposing || event.keyCode === 229) return;
    const isTaken = document.querySelector(":popover-open:not(.toast)"); // Escape closes that first
    if (event.key === "Escape" && reply && !isTaken) {
      event.preventDefault();
      answer(null);
      return;
    }
    if (event.key !== "Enter" || event.shiftKey || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    submit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submit();
  });
  bar.onClose(() => {
    answer(null);
    field.focus();
  });
  addEventListener("pagehide", saveDraft, { signal });
  signal?.addEventListener("abort", saveDraft);

  // Written in another tab or on another device: taken over once nobody is writing right here.
  const takeOver = (draft) => {
    write(draft?.content ?? "");
    reply = draft?.reply ?? null;
    bar.show(reply);
  };
  drafts.on(
    "changed",
    (change) => {
      if (!change.isOther || change.room !== room || change.thread !== thread) return;
      clearTimeout(takingOver);
      const wait = isBlank() ? 0 : Math.max(0, typedAt + WRITING_MS - Date.now());
      takingOver = setTimeout(() => takeOver(change.draft), wait);
    },
    { signal },
  );
  signal?.addEventListener("abort", () => clearTimeout(takingOver));
  // What the browser has put back after a reload is newer than the draft.
  const draft = drafts.get(room, thread);
  if (!field.value) takeOver(draft);
  else if (draft?.reply) bar.show((reply = draft.reply));
  measure();
  // On a phone it opens the keyboard.
  if (!thread && matchMedia("(hover: hover)").matches) field.focus({ preventScroll: true });

  return {
    form,
    field,
    room,
    thread,
    held,
    clear,
    submit,
    reply: answer,
    insert: (text) => insert(field, text),
    guard: (guard) => guards.push(guard),
  };
}

/** Put text in place of the selection, so that Ctrl+Z takes it back. @param {HTMLTextAreaElement} field */
export function insert(field, text) {
  field.focus();
  if (document.execCommand(text ? "insertText" : "delete", false, text)) return;
  field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new InputEvent("input", { bubbles: true }));
}

/** The line above the field that shows what is answered; a form without one answers nothing. */
function replyBar(form) {
  const bar = /** @type {HTMLElement|null} */ (form.querySelector(".composer-reply"));
  if (!bar) return { show: () => {}, onClose: () => {} };
  return {
    /** @param {Quote|null} quote */
    show: (quote) => {
      bar.hidden = !quote;
      bar.querySelector("b").textContent = quote ? WORDS.replyingTo(quote.name) : "";
      bar.querySelector("span").textContent = quote?.text ?? "";
    },
    onClose: (listener) => bar.querySelector("[data-act=unreply]").addEventListener("click", listener),
  };
}

/** Make the field as high as its text, where the style sheet alone can't. */
function fit(field) {
  if (CSS.supports("field-sizing", "content")) return;
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}
