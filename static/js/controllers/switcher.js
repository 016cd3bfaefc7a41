/** Ctrl+K or ⌘K: go to a room by a few letters of its name. */

import { WORDS } from "../words.js";

/** @param {{nav: HTMLElement}} parts the list of rooms that it looks in */
export function runSwitcher({ nav }) {
  const dialog = document.createElement("dialog");
  const field = document.createElement("input");
  const list = document.createElement("ul");
  const nothing = document.createElement("p");
  dialog.className = "switcher";
  dialog.setAttribute("aria-label", WORDS.switcher);
  Object.assign(field, { type: "text", enterKeyHint: "go", placeholder: WORDS.switcherHint, autocomplete: "off" });
  field.className = "switcher-field";
  list.className = "switcher-list";
  list.id = "switcher-list";
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", WORDS.switcher);
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-label", WORDS.switcherHint);
  field.setAttribute("aria-controls", list.id);
  field.setAttribute("aria-expanded", "true");
  nothing.className = "switcher-nothing";
  nothing.setAttribute("role", "status");
  dialog.append(field, list, nothing);
  document.body.append(dialog);

  /** @type {HTMLElement[]} */
  let options = [];
  let chosen = 0;
  const choose = (index) => {
    chosen = options.length ? (index + options.length) % options.length : 0;
    options.forEach((option, place) => option.setAttribute("aria-selected", String(place === chosen)));
    options[chosen]?.scrollIntoView({ block: "nearest" });
    if (options[chosen]) field.setAttribute("aria-activedescendant", options[chosen].id);
    else field.removeAttribute("aria-activedescendant");
  };
  const filter = () => {
    const rooms = /** @type {HTMLElement[]} */ ([...nav.querySelectorAll(".room-link")]);
    options = matching(rooms, field.value).map(asOption);
    list.replaceChildren(...options);
    nothing.textContent = options.length ? "" : WORDS.switcherNothing;
    choose(0);
  };
  const go = (option) => {
    dialog.close();
    location.assign(option.querySelector("a").href);
  };

  addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (dialog.open) return dialog.close();
    field.value = "";
    filter();
    dialog.showModal(); // the browser gives the focus back when it closes
  });
  field.addEventListener("input", filter);
  field.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen - 1);
    else if (event.key === "Enter" && options[chosen]) go(options[chosen]);
    else return;
    event.preventDefault();
  });
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) dialog.close(); // on the ground around it
  });
}

/** Rooms whose name has these letters, best first: beginning with them, a word beginning so, anywhere. */
function matching(rooms, text) {
  const wanted = fold(text.trim());
  const unreadFirst = (room) => (room.classList.contains("has-unread") ? 0 : 1);
  if (!wanted) return [...rooms].sort((one, other) => unreadFirst(one) - unreadFirst(other));
  const rank = (room) => {
    const name = fold(room.querySelector(".room-name").textContent);
    const at = name.indexOf(wanted);
    if (at <= 0) return at === 0 ? 0 : Infinity;
    return /[\p{L}\p{N}]/u.test(name[at - 1]) ? 2 : 1;
  };
  const ranked = rooms.map((room) => ({ room, rank: rank(room) })).filter((each) => each.rank < Infinity);
  return ranked.sort((one, other) => one.rank - other.rank).map((each) => each.room);
}

/** Letters without case and accents. @param {string} text */
const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLocaleLowerCase();

/** A room of the side bar as a line to choose. */
function asOption(room) {
  const option = document.createElement("li");
  const copy = /** @type {HTMLElement} */ (room.cloneNode(true));
  option.id = `switch-${room.dataset.room}`;
  option.setAttribute("role", "option");
  copy.tabIndex = -1;
  copy.classList.remove("is-current");
  copy.removeAttribute("aria-current");
  option.append(copy);
  return option;
}
