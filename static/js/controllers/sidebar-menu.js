/** A menu of the side bar: pages of entries beside what was pressed, worked by pointer or arrow keys. */

import { icon } from "../icons.js";
import { placeBeside } from "./placing.js";

/**
 * @typedef {Object} Entry
 * @property {string} [label]      none: a line between groups
 * @property {string} [icon]
 * @property {boolean} [checked]   of several, the one that holds
 * @property {boolean} [danger]
 * @property {() => void} [run]
 * @property {() => Entry[]} [page] what comes in place of this page
 */

/** @returns {{open: (label: string, entries: Entry[], anchor: HTMLElement) => void}} */
export function makeMenu() {
  const menu = document.createElement("div");
  menu.className = "menu sidebar-menu";
  menu.popover = "auto";
  menu.setAttribute("role", "menu");
  document.body.append(menu);
  /** @type {HTMLElement|null} */
  let anchor = null;
  /** The pages before this one, and which of their entries led on. @type {[Entry[], number][]} */
  let before = [];

  const show = (entries) => {
    menu.replaceChildren(...entries.map((entry) => draw(entry, entries)));
    if (menu.matches(":popover-open")) placeBeside(menu, anchor);
    /** @type {HTMLElement|null} */ (menu.querySelector("[aria-checked=true]") ?? menu.querySelector("button"))?.focus();
  };
  const buttonsOf = () => /** @type {HTMLElement[]} */ ([...menu.querySelectorAll("button")]);
  const draw = (entry, entries) => {
    if (!entry.label) {
      const line = document.createElement("div");
      line.className = "menu-divider";
      return line;
    }
    const button = document.createElement("button");
    button.type = "button";
    button.className = `menu-item${entry.danger ? " is-danger" : ""}`;
    button.setAttribute("role", entry.checked === undefined ? "menuitem" : "menuitemradio");
    if (entry.checked !== undefined) button.setAttribute("aria-checked", String(entry.checked));
    const text = document.createElement("span");
    text.className = "menu-text";
    text.dir = "auto";
    text.textContent = entry.label;
    button.append(icon(entry.checked ? "check" : (entry.icon ?? "blank")), text);
    if (entry.page) {
      button.setAttribute("aria-haspopup", "menu");
      const arrow = icon("chevron");
      arrow.classList.add("is-small", "is-onward");
      button.append(arrow);
    }
    button.addEventListener("click", () => {
      if (entry.page) {
        before.push([entries, buttonsOf().indexOf(button)]);
        return show(entry.page());
      }
      menu.hidePopover(); // gives the focus back
      entry.run();
    });
    return button;
  };

  menu.addEventListener("keydown", (event) => {
    const buttons = buttonsOf();
    const at = buttons.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const [onward, back] = getComputedStyle(menu).direction === "rtl" ? ["ArrowLeft", "ArrowRight"] : ["ArrowRight", "ArrowLeft"];
    if (event.key === onward && buttons[at]?.hasAttribute("aria-haspopup")) buttons[at].click();
    if (event.key === back && before.length) {
      const [entries, led] = before.pop();
      show(entries);
      buttonsOf()[led].focus();
    }
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (event.key === "Tab") menu.hidePopover();
    if (to === undefined) return;
    event.preventDefault();
    buttons.at(to % buttons.length)?.focus();
  });
  menu.addEventListener("toggle", () => {
    if (!menu.matches(":popover-open")) anchor?.closest(".room-item, header")?.classList.remove("is-active");
  });

  return {
    open(label, entries, at) {
      menu.hidePopover();
      anchor = at;
      before = [];
      menu.setAttribute("aria-label", label);
      at.closest(".room-item, header")?.classList.add("is-active");
      at.focus({ preventScroll: true }); // where the focus returns to
      menu.showPopover();
      show(entries);
    },
  };
}
