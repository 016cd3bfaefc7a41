/** The profile page of the settings: the picture before it is sent, the emoji, this device's clock. */

import { pickEmoji } from "./controllers/emoji-picker.js";
import { fullTime } from "./dates.js";
import { showError } from "./dialogs.js";
import { WORDS } from "./words.js";

const { timeZone } = Intl.DateTimeFormat().resolvedOptions();

/** Show the chosen picture as it will be, and say at once what the server would refuse. */
function previewPicture(/** @type {HTMLFormElement} */ form) {
  const input = /** @type {HTMLInputElement} */ (form.elements.namedItem("avatar"));
  const save = /** @type {HTMLButtonElement} */ (form.querySelector("[data-save]"));
  const place = form.querySelector(".picture-face");
  const before = place.firstElementChild;
  const errors = form.querySelector(".errors") ?? input.parentElement.insertBefore(document.createElement("ul"), input.nextSibling);
  errors.className = "errors";
  /** @type {HTMLElement} */ (errors).hidden = errors.childElementCount === 0;
  let shown = "";
  const show = () => {
    const [file] = input.files;
    URL.revokeObjectURL(shown);
    save.hidden = !file;
    place.replaceChildren(before);
    showError(form, "");
    if (!file) return;
    if (file.size > Number(form.dataset.most)) return refuse(WORDS.pictureTooLarge);
    shown = URL.createObjectURL(file);
    const image = new Image();
    image.className = "avatar is-huge";
    image.alt = WORDS.newPicture;
    image.src = shown;
    image.addEventListener("error", () => refuse(WORDS.noPicture));
    place.replaceChildren(image);
  };
  const refuse = (words) => {
    save.hidden = true;
    place.replaceChildren(before);
    showError(form, words);
  };
  save.hidden = !input.files.length;
  input.addEventListener("change", show);
}

/** The emoji comes from the picker; the keys only take it away. */
function chooseEmoji(/** @type {HTMLFormElement} */ form) {
  const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("emoji"));
  const pick = async () => {
    const emoji = await pickEmoji(field);
    if (emoji) field.value = emoji;
  };
  field.readOnly = true;
  field.placeholder = "☺";
  field.addEventListener("click", pick);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      pick();
    } else if (event.key === "Backspace" || event.key === "Delete") field.value = "";
  });
  const kept = /** @type {HTMLOptionElement|null} */ (form.querySelector("option[data-until]"));
  if (kept) kept.textContent = fullTime(new Date(kept.dataset.until));
  /** @type {HTMLInputElement} */ (form.elements.namedItem("zone")).value = timeZone;
}

/** Offer the zone that the device is in, if that is not what is said. */
function suggestZone(/** @type {HTMLElement} */ hint) {
  const select = /** @type {HTMLSelectElement} */ (document.getElementById("id_time_zone"));
  const isKnown = [...select.options].some((option) => option.value === timeZone);
  const show = () => (hint.hidden = !isKnown || select.value === timeZone);
  hint.querySelector("b").textContent = timeZone.replaceAll("_", " ");
  hint.querySelector("button").addEventListener("click", () => {
    select.value = timeZone;
    select.focus();
    show();
  });
  select.addEventListener("change", show);
  show();
}

for (const form of document.querySelectorAll("form[data-picture]")) previewPicture(/** @type {HTMLFormElement} */ (form));
for (const form of document.querySelectorAll("form[data-status]")) chooseEmoji(/** @type {HTMLFormElement} */ (form));
for (const hint of document.querySelectorAll("[data-zone-hint]")) suggestZone(/** @type {HTMLElement} */ (hint));
