/** Setting one's own status: the dialog that `[data-set-status]` opens. */

import { call } from "../api.js";
import { onConfirm, openDialog, showError } from "../dialogs.js";
import { icon } from "../icons.js";
import { endOf, statusIn } from "../statuses.js";
import { WORDS } from "../words.js";
import { pickEmoji } from "./emoji-picker.js";
import { showPerson } from "./people.js";
import { say } from "./toasts.js";

/** @param {{viewer: string}} parts */
export function runStatus({ viewer }) {
  document.addEventListener("click", (event) => {
    const opener = /** @type {HTMLElement} */ (event.target).closest?.("[data-set-status]");
    if (!opener) return;
    opener.closest("[popover]")?.hidePopover();
    open(viewer);
  });
}

/** @param {string} viewer */
function open(viewer) {
  const held = statusIn(document.querySelector(`[data-status-of="${CSS.escape(viewer)}"]`));
  const { dialog, form, rest } = openDialog("status-dialog");
  const text = /** @type {HTMLInputElement} */ (form.elements.namedItem("text"));
  const after = /** @type {HTMLSelectElement} */ (form.elements.namedItem("after"));
  const picture = /** @type {HTMLElement} */ (form.querySelector("[data-act=pick]"));
  const clear = /** @type {HTMLButtonElement} */ (form.querySelector("[data-act=clear]"));
  let emoji = "";
  const choose = (chosen) => {
    emoji = chosen;
    picture.replaceChildren(chosen || icon("smile"));
    picture.setAttribute("aria-label", chosen ? WORDS.changeEmoji(chosen) : WORDS.chooseEmoji);
  };
  choose(held?.emoji ?? "");
  text.value = held?.text ?? "";
  if (held?.until) after.prepend(new Option(WORDS.atTime(new Date(held.until)), "keep", false, true));
  clear.hidden = !held;

  const ideas = form.querySelector(".status-ideas");
  for (const idea of WORDS.statusIdeas) ideas.append(asIdea(/** @type {HTMLElement} */ (rest[0]), idea, after));
  ideas.addEventListener("click", (event) => {
    const at = /** @type {HTMLElement} */ (event.target).closest("li");
    const idea = at && WORDS.statusIdeas[[...ideas.children].indexOf(at)];
    if (!idea) return;
    choose(idea.emoji);
    text.value = idea.text;
    after.value = idea.after;
    text.focus();
  });
  picture.addEventListener("click", async () => {
    const chosen = await pickEmoji(picture);
    if (chosen) choose(chosen);
    text.focus();
  });
  const save = async (method, body, words) => {
    try {
      const me = await call(method, "me/status/", body);
      dialog.close();
      showPerson(me, viewer);
      say(words);
    } catch (error) {
      if (error.name !== "CommandError") throw error;
      showError(form, error.message);
    }
  };
  clear.addEventListener("click", () => save("DELETE", undefined, WORDS.statusCleared));
  onConfirm(form, () => {
    const words = text.value.trim();
    if (!emoji && !words) return held ? save("DELETE", undefined, WORDS.statusCleared) : showError(form, WORDS.statusEmpty);
    const until = after.value === "keep" ? held.until : (endOf(after.value)?.toISOString() ?? null);
    return save("PUT", { emoji, text: words, until }, WORDS.statusSet);
  });
  text.focus();
  text.select();
}

/** @param {HTMLElement} blank @param {{emoji: string, text: string, after: string}} idea @param {HTMLSelectElement} after */
function asIdea(blank, idea, after) {
  const item = /** @type {HTMLElement} */ (blank.cloneNode(true));
  const [picture, words, span] = item.querySelectorAll("span");
  picture.textContent = idea.emoji;
  words.textContent = idea.text;
  span.textContent = after.querySelector(`[value="${idea.after}"]`).textContent;
  return item;
}
