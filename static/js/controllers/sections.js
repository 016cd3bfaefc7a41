/** The sections of the side bar: folded on this device, and made, renamed, moved and deleted for all of them. */

import { call } from "../api.js";
import { onConfirm, openDialog, showError } from "../dialogs.js";
import { CommandError } from "../models/socket.js";
import { WORDS } from "../words.js";
import { confirmed } from "./confirm.js";
import { say } from "./toasts.js";

/**
 * @param {Object} parts
 * @param {string} parts.viewer
 * @param {HTMLElement} parts.nav
 * @param {ReturnType<typeof import("./sidebar-menu.js").makeMenu>} parts.menu
 * @param {() => Promise<void>} parts.redraw
 * @returns {{own: () => {id: string, name: string}[], make: (then?: (id: string) => void) => void}}
 */
export function runSections({ viewer, nav, menu, redraw }) {
  const key = `sidebar-folded:${viewer}`;
  const folded = new Set(JSON.parse(localStorage.getItem(key) ?? "[]"));
  const dress = () => {
    for (const section of /** @type {NodeListOf<HTMLElement>} */ (nav.querySelectorAll(".sidebar-section"))) {
      const isFolded = folded.has(section.dataset.section);
      section.classList.toggle("is-folded", isFolded);
      section.querySelector(".section-toggle").setAttribute("aria-expanded", String(!isFolded));
    }
  };
  const toggle = (id) => {
    if (!folded.delete(id)) folded.add(id);
    localStorage.setItem(key, JSON.stringify([...folded]));
    dress();
  };
  nav.addEventListener("rooms:drawn", dress);
  dress();

  const own = () =>
    /** @type {HTMLElement[]} */ ([...nav.querySelectorAll(".sidebar-section.is-own")]).map((section) => ({
      id: section.dataset.section,
      name: section.querySelector(".section-toggle").textContent.trim(),
    }));
  const change = (method, path, body) => act(() => call(method, path, body), redraw);

  /** Ask for a name; `work` gets it. */
  const ask = (title, name, work) => {
    const { dialog, form } = openDialog("section-dialog");
    const field = /** @type {HTMLInputElement} */ (form.elements.namedItem("name"));
    form.querySelector("h2").textContent = title;
    field.value = name;
    field.select();
    onConfirm(form, async () => {
      try {
        await work(field.value);
        dialog.close();
        await redraw();
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        showError(form, error.message);
      }
    });
  };
  const make = (then) =>
    ask(WORDS.newSection, "", async (name) => {
      const { id } = await call("POST", "me/sections/", { name });
      await then?.(id);
    });

  nav.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const section = /** @type {HTMLElement|null} */ (target.closest(".sidebar-section"));
    if (target.closest(".section-toggle")) toggle(section.dataset.section);
    const more = /** @type {HTMLElement|null} */ (target.closest(".section-more"));
    if (!more) return;
    const all = own();
    const at = all.findIndex((each) => each.id === section.dataset.section);
    const { id, name } = all[at];
    const path = `me/sections/${id}/`;
    menu.open(name, [
      { label: WORDS.rename, icon: "pencil", run: () => ask(WORDS.renameSection, name, (next) => call("PATCH", path, { name: next })) },
      ...(at > 0 ? [{ label: WORDS.moveUp, icon: "up", run: () => change("PATCH", path, { position: at - 1 }) }] : []),
      ...(at < all.length - 1 ? [{ label: WORDS.moveDown, icon: "down", run: () => change("PATCH", path, { position: at + 1 }) }] : []),
      {},
      {
        label: WORDS.deleteSection,
        icon: "trash",
        danger: true,
        run: async () => {
          const question = { title: WORDS.deleteSectionTitle(name), words: WORDS.deleteSectionWords, action: WORDS.deleteSection };
          if (await confirmed(question)) change("DELETE", path);
        },
      },
    ], more);
  });
  document.querySelector("[data-act=new-section]")?.addEventListener("click", (event) => {
    /** @type {HTMLElement} */ (/** @type {HTMLElement} */ (event.currentTarget).closest("[popover]")).hidePopover();
    make();
  });
  return { own, make };
}

/** Do it and show the list as it is then; say why where it was refused. */
export async function act(work, redraw) {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    say(WORDS.notDone(error.message));
  }
  await redraw();
}
