/** Markdown by keys: wraps what is selected, takes the marks away again, and makes links of pasted addresses. */

import { insert } from "./composer.js";

const MARKS = { b: "**", i: "*", e: "`" };
const FENCE = "```";

/** @param {HTMLTextAreaElement} field */
export function formatByKeys(field) {
  field.addEventListener("keydown", (event) => {
    const mark = MARKS[event.key.toLowerCase()];
    if (!mark || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey || event.isComposing) return;
    event.preventDefault();
    toggle(field, mark);
  });
  field.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text/plain").trim() ?? "";
    const words = field.value.slice(field.selectionStart, field.selectionEnd);
    if (!/^https?:\/\/\S+$/.test(text) || !words.trim() || /[\n[\]]|:\/\//.test(words)) return;
    event.preventDefault();
    insert(field, `[${words}](${text})`);
  });
}

/** Put marks around the selection, or take them away if they are there. */
function toggle(field, mark) {
  const { selectionStart: start, selectionEnd: end, value } = field;
  const words = value.slice(start, end);
  if (mark === "`" && words.includes("\n")) {
    insert(field, `${FENCE}\n${words}\n${FENCE}`);
    return;
  }
  if (isAround(value, start, end, mark)) {
    field.setSelectionRange(start - mark.length, end + mark.length);
    insert(field, words);
    field.setSelectionRange(start - mark.length, end - mark.length);
    return;
  }
  insert(field, mark + words + mark);
  field.setSelectionRange(start + mark.length, end + mark.length);
}

/** Whether exactly these marks stand around a range: `*` is not what `**` is made of. */
function isAround(value, start, end, mark) {
  const before = value.slice(0, start);
  const after = value.slice(end);
  if (!before.endsWith(mark) || !after.startsWith(mark)) return false;
  if (mark !== "*") return true;
  const stars = /\*+$/.exec(before)[0].length;
  return stars % 2 === 1;
}
