/**
 * Suggestions at the cursor of a composer: a list above it from which arrows, Enter and Tab choose,
 * Escape closes. What is suggested comes from sources, each with a sign of its own (`@`, `:`).
 *
 * The field stays a text box that names the list and its active option to screen readers; how many
 * there are is spoken.
 */

import { WORDS } from "../words.js";
import { insert } from "./composer.js";

/**
 * @typedef {Object} Suggestion
 * @property {string} key
 * @property {string} insert    what comes in place of what was typed
 * @property {Node[]} content   how it looks
 * @property {() => void} [chosen]
 *
 * @typedef {Object} Source
 * @property {RegExp} pattern   of the text before the cursor; its last group is what is looked for
 * @property {string} label
 * @property {(query: string) => AsyncIterable<Suggestion[]>} find  better lists may follow a first one
 */

/**
 * @param {Object} parts
 * @param {HTMLFormElement} parts.form
 * @param {HTMLTextAreaElement} parts.field
 * @param {Source[]} parts.sources
 */
export function runSuggestions({ form, field, sources }) {
  const list = document.createElement("ul");
  const spoken = document.createElement("span");
  list.className = "suggestions";
  list.id = `${form.id}-suggestions`;
  list.setAttribute("role", "listbox");
  list.hidden = true;
  spoken.className = "visually-hidden";
  spoken.setAttribute("role", "status");
  form.append(list, spoken);
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-haspopup", "listbox");

  /** @type {Suggestion[]} */
  let shown = [];
  let chosen = 0;
  let from = 0; // where the text begins that a suggestion replaces
  let search = 0; // the newest one
  let dismissed = -1; // the place at which Escape was pressed

  const close = () => {
    search += 1;
    if (list.hidden) return;
    list.hidden = true;
    list.replaceChildren();
    shown = [];
    spoken.textContent = "";
    field.removeAttribute("aria-activedescendant");
    field.removeAttribute("aria-controls");
  };
  const mark = (index) => {
    chosen = (index + shown.length) % shown.length;
    [...list.children].forEach((option, place) => option.setAttribute("aria-selected", String(place === chosen)));
    list.children[chosen].scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-activedescendant", list.children[chosen].id);
  };
  const show = (suggestions) => {
    if (suggestions.length === 0) {
      close();
      return;
    }
    const held = shown[chosen]?.key;
    shown = suggestions;
    list.replaceChildren(
      ...suggestions.map(({ content }, index) => {
        const option = document.createElement("li");
        option.id = `${list.id}-${index}`;
        option.className = "suggestion";
        option.setAttribute("role", "option");
        option.append(...content);
        return option;
      }),
    );
    list.hidden = false;
    field.setAttribute("aria-controls", list.id);
    mark(Math.max(0, chosen > 0 ? suggestions.findIndex(({ key }) => key === held) : 0));
    spoken.textContent = WORDS.suggestions(suggestions.length);
  };
  const choose = (index) => {
    const suggestion = shown[index];
    const end = field.selectionStart;
    const after = field.value.slice(end);
    close();
    field.setSelectionRange(from, end);
    insert(field, suggestion.insert + (/^\s/.test(after) ? "" : " "));
    if (/^\s/.test(after)) field.setSelectionRange(field.selectionStart + 1, field.selectionStart + 1);
    suggestion.chosen?.();
  };
  const look = async () => {
    const { selectionStart: caret, selectionEnd: end, value } = field;
    const before = value.slice(0, caret);
    for (const source of caret === end ? sources : []) {
      const match = source.pattern.exec(before);
      if (!match) continue;
      const query = match.at(-1);
      const start = caret - query.length - 1; // the sign stands before it
      if (start === dismissed) return;
      dismissed = -1;
      if (start !== from) chosen = 0;
      from = start;
      const mine = (search += 1);
      list.setAttribute("aria-label", source.label);
      for await (const suggestions of source.find(query)) {
        if (mine !== search) return;
        show(suggestions);
      }
      return;
    }
    dismissed = -1;
    close();
  };

  field.addEventListener("input", (event) => {
    if (!(/** @type {InputEvent} */ (event).isComposing)) look();
  });
  field.addEventListener("compositionend", look);
  field.addEventListener("click", close);
  field.addEventListener("blur", close);
  field.addEventListener("composer:cleared", close);
  field.addEventListener(
    "keydown",
    (event) => {
      if (list.hidden || event.isComposing || event.keyCode === 229) return;
      if (event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
      if (event.key === "ArrowDown") mark(chosen + 1);
      else if (event.key === "ArrowUp") mark(chosen - 1);
      else if (event.key === "Enter" || event.key === "Tab") choose(chosen);
      else if (event.key === "Escape") {
        dismissed = from;
        close();
      } else {
        if (event.key === "ArrowLeft" || event.key === "ArrowRight" || event.key === "Home" || event.key === "End") {
          close();
        }
        return;
      }
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    { capture: true }, // before the composer takes Enter for sending
  );
  // The field keeps the focus, or the list would close before the press arrives.
  list.addEventListener("pointerdown", (event) => event.preventDefault());
  list.addEventListener("click", (event) => {
    const option = /** @type {HTMLElement} */ (event.target).closest("[role=option]");
    if (option) choose([...list.children].indexOf(option));
  });
}
