/** Other ways to send than at once: silently, at a time to come, as a poll; and what the composer adds. */

import { call } from "../api.js";
import { fullTime, nextTimes } from "../dates.js";
import { localValue, onConfirm, openDialog, showError } from "../dialogs.js";
import { WORDS } from "../words.js";
import { refreshPanel } from "./panel.js";
import { say } from "./toasts.js";

const SOON_MS = 60_000; // what is due sooner than this is sent at once by hand
const MARGIN_PX = 8;

/**
 * @param {import("./composer.js").Composer} composer
 * @param {{pickEmoji: (button: HTMLElement) => Promise<string|null>}} parts
 */
export function runSending(composer, { pickEmoji }) {
  const { form, field } = composer;
  const menus = ["more", "options", "formatting"].map((name) => document.getElementById(`${form.id}-${name}`));
  const [more, options, formatting] = menus;
  for (const menu of menus) {
    menu.addEventListener("toggle", (event) => {
      if (/** @type {ToggleEvent} */ (event).newState === "open") placeAbove(menu, form);
    });
  }
  options.addEventListener("beforetoggle", () => showTimes(options));

  const acts = {
    emoji: async (button) => {
      const emoji = await pickEmoji(button);
      if (emoji) composer.insert(emoji);
    },
    silent: () => composer.submit({ silent: true }),
    later: (button) => schedule(composer, nextTimes()[button.dataset.when]),
    "pick-time": () => pickTime(composer),
    poll: () => askPoll(composer),
    formatting: () => formatting.showPopover(),
    options: () => options.showPopover(),
  };
  form.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("[data-act]");
    const act = acts[button?.dataset.act];
    if (!act) return;
    more.hidePopover();
    options.hidePopover();
    field.focus();
    act(button);
  });
}

/** Put a menu above the composer, at the end where it was opened. */
function placeAbove(menu, form) {
  const { top, left, right } = form.getBoundingClientRect();
  const isAtEnd = menu.id.endsWith("-options") === (getComputedStyle(form).direction === "ltr");
  const { width } = menu.getBoundingClientRect();
  const wanted = isAtEnd ? right - width : left;
  menu.style.left = `${Math.max(MARGIN_PX, Math.min(wanted, innerWidth - width - MARGIN_PX))}px`;
  menu.style.bottom = `${innerHeight - top + MARGIN_PX / 2}px`;
  menu.style.maxHeight = `${top - 2 * MARGIN_PX}px`;
}

/** Write beside each preset when it is. */
function showTimes(options) {
  const times = nextTimes();
  for (const button of options.querySelectorAll("[data-when]")) {
    const date = times[/** @type {HTMLElement} */ (button).dataset.when];
    // On a Sunday, Monday is tomorrow.
    /** @type {HTMLElement} */ (button).hidden = button.dataset.when === "monday" && date.getTime() === times.tomorrow.getTime();
    const time = button.querySelector("time");
    time.dateTime = date.toISOString();
    time.textContent = WORDS.atTime(date);
  }
}

/** Have the server send what the composer holds at a moment. @param {import("./composer.js").Composer} composer @param {Date} at */
async function schedule(composer, at) {
  const held = composer.held();
  if (!held) return say(WORDS.writeFirst);
  const { room, thread } = composer;
  const reply = held.reply ? { reply_to: held.reply.id } : {};
  try {
    await call("POST", "scheduled/", {
      room,
      content: held.content,
      send_at: at.toISOString(),
      ...(thread && { thread }),
      ...reply,
    });
  } catch (error) {
    if (error.name !== "CommandError") throw error;
    return say(error.message);
  }
  if (composer.held()?.content === held.content) composer.clear();
  refreshPanel("scheduled");
  say(WORDS.scheduled(fullTime(at)));
}

function pickTime(composer) {
  if (!composer.held()) return say(WORDS.writeFirst);
  const { dialog, form } = openDialog("schedule-dialog");
  const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("at"));
  const help = form.querySelector(".help");
  const tell = () => {
    const at = new Date(field.value);
    help.textContent = Number.isNaN(at.getTime()) ? "" : fullTime(at);
  };
  field.value = localValue(nextTimes().tomorrow);
  field.min = localValue(new Date());
  field.addEventListener("input", () => {
    showError(form, "");
    tell();
  });
  tell();
  onConfirm(form, () => {
    const at = new Date(field.value);
    if (Number.isNaN(at.getTime())) return showError(form, WORDS.chooseTime);
    if (at.getTime() < Date.now() + SOON_MS) return showError(form, WORDS.timeToCome);
    dialog.close();
    schedule(composer, at);
  });
}

/** Make a poll, with what is in the composer as its question. @param {import("./composer.js").Composer} composer */
function askPoll(composer) {
  const { dialog, form, rest } = openDialog("poll-dialog");
  const { pollOptionsMax, pollOptionLength } = composer.form.dataset;
  const most = Number(pollOptionsMax);
  const list = form.querySelector(".poll-fields");
  const add = /** @type {HTMLButtonElement} */ (form.querySelector("[data-act=add]"));
  const question = /** @type {HTMLTextAreaElement} */ (form.elements.namedItem("question"));
  const inputs = () => /** @type {HTMLInputElement[]} */ ([...list.querySelectorAll("input")]);
  const number = () => {
    inputs().forEach((input, index) => {
      input.placeholder = WORDS.option(index + 1);
      input.setAttribute("aria-label", WORDS.option(index + 1));
      const drop = /** @type {HTMLButtonElement} */ (input.nextElementSibling);
      drop.setAttribute("aria-label", WORDS.dropOption(index + 1));
      drop.disabled = inputs().length <= 2;
    });
    add.disabled = inputs().length >= most;
  };
  const addOption = () => {
    const item = /** @type {HTMLElement} */ (rest[0].cloneNode(true));
    item.querySelector("input").maxLength = Number(pollOptionLength);
    list.append(item);
    number();
    return item.querySelector("input");
  };
  addOption();
  addOption();
  question.value = composer.held()?.content ?? "";
  const closes = /** @type {HTMLInputElement} */ (form.elements.namedItem("closes"));
  closes.min = localValue(new Date());
  (question.value ? inputs()[0] : question).focus();

  add.addEventListener("click", () => addOption().focus());
  list.addEventListener("click", (event) => {
    const item = /** @type {HTMLElement} */ (event.target).closest("[data-act=drop]")?.closest("li");
    if (!item) return;
    item.remove();
    number();
  });
  form.addEventListener("keydown", (event) => {
    const at = inputs().indexOf(/** @type {HTMLInputElement} */ (event.target));
    if (event.key !== "Enter" || at < 0 || event.isComposing) return;
    event.preventDefault(); // the next option, not the poll as it is
    const next = inputs()[at + 1] ?? (add.disabled ? null : addOption());
    next?.focus();
  });
  form.addEventListener("input", () => showError(form, ""));
  onConfirm(form, () => {
    const options = inputs().map((input) => input.value.trim()).filter(Boolean);
    const isMultiple = /** @type {HTMLInputElement} */ (form.elements.namedItem("multiple")).checked;
    const isAnonymous = /** @type {HTMLInputElement} */ (form.elements.namedItem("anonymous")).checked;
    const closesAt = closes.value ? new Date(closes.value) : null;
    const wrong = problemOf(question.value, options, closesAt);
    if (wrong) return showError(form, wrong);
    dialog.close();
    composer.field.value = question.value.trim();
    composer.submit({
      poll: {
        options,
        multiple: isMultiple,
        anonymous: isAnonymous,
        closes_at: closesAt?.toISOString() ?? null,
      },
    });
  });
}

/** What a poll lacks, in words. */
function problemOf(question, options, closesAt) {
  if (!question.trim()) return WORDS.pollNeedsQuestion;
  if (options.length < 2) return WORDS.pollNeedsOptions;
  if (new Set(options).size < options.length) return WORDS.pollSameOptions;
  if (closesAt && closesAt.getTime() < Date.now() + SOON_MS) return WORDS.timeToCome;
  return "";
}
