/**
 * The panels about a room's people: lists that follow what is typed, times of the reader's clock, and
 * news of the room as they come. What stands in them is the server's.
 */

import { copy } from "../clipboard.js";
import { localValue } from "../dialogs.js";
import { clockTime, dayName } from "../dates.js";
import { WORDS } from "../words.js";
import { askPanel, placePanel, refreshPanel } from "./panel.js";

const KINDS = new Set(["members", "member", "room-add", "room-settings", "room-invitations", "room-bans"]);
// Those that show what may change under way. The others are forms: nothing takes away what is filled in.
const FOLLOWING = new Set(["members", "member", "room-invitations", "room-bans"]);
const TYPING_PAUSE_MS = 150;
// In a large room somebody comes or goes all the time; the list is for looking at.
const LARGE = 500;
const LARGE_PAUSE_MS = 5_000;

/** @param {{socket: import("../models/socket.js").Socket}} parts */
export function followMembers({ socket }) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  document.addEventListener("panel:shown", (event) => {
    const { kind, root, signal } = /** @type {CustomEvent} */ (event).detail;
    if (!KINDS.has(kind)) return;
    tellTimes(root);
    dressForms(root, zone);
    for (const form of root.querySelectorAll("form[data-sends]")) form.addEventListener("change", () => form.requestSubmit());
    for (const form of root.querySelectorAll("form[data-live]")) findAsTyped(form, signal);
  });
  document.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest("[data-copy]");
    if (button) copy(/** @type {HTMLElement} */ (button).dataset.copy, WORDS.linkCopied);
  });
  document.addEventListener("panel:grown", (event) => {
    for (const item of /** @type {CustomEvent} */ (event).detail.items) tellTimes(item);
  });

  let waiting = 0;
  /** The page of the panel, if it is about this room. @param {string} room @returns {HTMLElement|null} */
  const shown = (room) => document.querySelector(`.panel-page[data-room="${CSS.escape(room)}"]`);
  const reread = ({ room }) => {
    const page = shown(room);
    if (!page || !FOLLOWING.has(page.dataset.kind)) return;
    const { kind } = page.dataset;
    if (Number(page.dataset.count ?? 0) < LARGE) return refreshPanel(kind);
    waiting ||= setTimeout(() => {
      waiting = 0;
      refreshPanel(kind);
    }, LARGE_PAUSE_MS);
  };
  for (const name of ["member.changed", "member.joined", "member.left", "room.changed", "bans.changed"]) socket.on(name, reread);
}

/** @param {ParentNode} root */
function tellTimes(root) {
  for (const time of /** @type {NodeListOf<HTMLTimeElement>} */ (root.querySelectorAll("time[data-until]"))) {
    const date = new Date(time.dateTime);
    time.textContent = WORDS.until(dayName(date), clockTime(date), dayName(date) === WORDS.today);
  }
  for (const time of /** @type {NodeListOf<HTMLTimeElement>} */ (root.querySelectorAll("time[data-day]"))) {
    time.textContent = new Date(time.dateTime).toLocaleDateString(undefined, { dateStyle: "medium" });
  }
}

/** Have fields of moments speak of the reader's clock. @param {ParentNode} root @param {string} zone */
function dressForms(root, zone) {
  for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (root.querySelectorAll("[data-zone]"))) field.value = zone;
  for (const words of root.querySelectorAll("[data-zone-words]")) words.remove();
  for (const field of /** @type {NodeListOf<HTMLInputElement>} */ (root.querySelectorAll("[data-moment]"))) {
    field.value = field.defaultValue = localValue(new Date(field.dataset.moment));
  }
}

/**
 * Show what is found while it is typed: only the list changes, so the cursor stays where it is.
 * @param {HTMLFormElement} form @param {AbortSignal} signal
 */
function findAsTyped(form, signal) {
  const field = /** @type {HTMLInputElement} */ (form.querySelector("input[type=search]"));
  let pause = 0;
  let asking = new AbortController();
  const find = async () => {
    asking.abort();
    asking = new AbortController();
    const fields = new FormData(form);
    fields.delete("csrfmiddlewaretoken");
    const url = `${form.getAttribute("action")}?${new URLSearchParams(/** @type {any} */ (fields))}`;
    const root = await askPanel(url, { signal: AbortSignal.any([asking.signal, signal]) });
    const part = root instanceof HTMLElement && root.querySelector("[data-live-part]");
    if (!part || !form.isConnected) return; // what is shown stays; the next letter tries again
    tellTimes(part);
    if (form.closest("#panel")) placePanel(url);
    form.closest(".panel-page").querySelector("[data-live-part]").replaceWith(part);
  };
  field.addEventListener("input", () => {
    clearTimeout(pause);
    pause = setTimeout(find, TYPING_PAUSE_MS);
  }, { signal });
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault(); // it is found already; and it must not add anybody
    find();
  }, { signal });
  signal.addEventListener("abort", () => clearTimeout(pause));
}
