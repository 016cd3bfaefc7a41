/** What a person can choose for a room in the side bar: by its button, a right click, or the keyboard. */

import { call } from "../api.js";
import { isQuiet } from "../models/unread.js";
import { WORDS } from "../words.js";
import { act } from "./sections.js";

const HOUR_MS = 3_600_000;
const MORNING_HOUR = 8;
const FOREVER = "9999-01-01T00:00:00Z"; // until it is turned on again

/**
 * @param {Object} parts
 * @param {HTMLElement} parts.nav
 * @param {ReturnType<typeof import("./sidebar-menu.js").makeMenu>} parts.menu
 * @param {ReturnType<typeof import("./sections.js").runSections>} parts.sections
 * @param {import("../models/unread.js").Unread} parts.unread
 * @param {() => Promise<void>} parts.redraw
 */
export function offerChoices({ nav, menu, sections, unread, redraw }) {
  const prefer = (room, body) => act(() => call("PATCH", `rooms/${room}/me/`, body), redraw);

  const open = (item, anchor) => {
    const link = /** @type {HTMLElement} */ (item.querySelector(".room-link"));
    const name = link.querySelector(".room-name").textContent;
    const { room, kind } = link.dataset;
    const state = unread.get(room);
    const chosen = state?.preferences;
    if (!chosen) return;
    const quiet = chosen.notifications_muted_until !== null && isQuiet({ ...chosen, notification_level: "all" });
    const neighbour = (which) => /** @type {HTMLElement|null} */ (item[which]?.querySelector(".room-link"))?.dataset.room;
    const [above, below] = [neighbour("previousElementSibling"), neighbour("nextElementSibling")];

    const mute = () => [
      { label: WORDS.muteHour, run: () => prefer(room, { notifications_muted_until: new Date(Date.now() + HOUR_MS).toISOString() }) },
      { label: WORDS.muteTomorrow, run: () => prefer(room, { notifications_muted_until: tomorrow().toISOString() }) },
      { label: WORDS.muteForever, run: () => prefer(room, { notifications_muted_until: FOREVER }) },
    ];
    const levels = () =>
      Object.entries(WORDS.levels).map(([level, label]) => ({
        label,
        checked: chosen.notification_level === level,
        run: () => prefer(room, { notification_level: level }),
      }));
    const places = () => [
      ...sections.own().map((section) => ({
        label: section.name,
        checked: !chosen.favourite && chosen.section === section.id,
        run: () => prefer(room, { section: section.id, favourite: false }),
      })),
      {
        label: kind === "direct" ? WORDS.directRooms : WORDS.rooms,
        checked: !chosen.favourite && chosen.section === null,
        run: () => prefer(room, { section: null, favourite: false }),
      },
      {},
      { label: WORDS.newSectionAsk, icon: "plus", run: () => sections.make((id) => call("PATCH", `rooms/${room}/me/`, { section: id, favourite: false })) },
    ];
    menu.open(WORDS.choicesFor(name), [
      { label: chosen.favourite ? WORDS.noFavourite : WORDS.favourite, icon: "star", run: () => prefer(room, { favourite: !chosen.favourite }) },
      ...(state.unread || state.mentions
        ? [{ label: WORDS.markRead, icon: "seen", run: () => act(() => call("POST", `rooms/${room}/read/`, { number: state.lastNumber }), redraw) }]
        : []),
      {},
      { label: WORDS.notify(WORDS.levels[chosen.notification_level]), icon: "bell", page: levels },
      quiet
        ? { label: WORDS.unmute, icon: "bell", run: () => prefer(room, { notifications_muted_until: null }) }
        : { label: WORDS.mute, icon: "bell-off", page: mute },
      {},
      { label: WORDS.moveTo, icon: "forward", page: places },
      ...(above ? [{ label: WORDS.moveUp, icon: "up", run: () => prefer(room, { before: above }) }] : []),
      ...(below ? [{ label: WORDS.moveDown, icon: "down", run: () => prefer(room, { after: below }) }] : []),
    ], anchor);
  };

  nav.addEventListener("click", (event) => {
    const more = /** @type {HTMLElement|null} */ (/** @type {HTMLElement} */ (event.target).closest(".room-more"));
    if (more) open(more.closest(".room-item"), more);
  });
  // A right click, the menu key, and a long press on most phones.
  nav.addEventListener("contextmenu", (event) => {
    const item = /** @type {HTMLElement} */ (event.target).closest(".room-item");
    if (!item || event.shiftKey) return;
    event.preventDefault();
    open(item, /** @type {HTMLElement} */ (item.querySelector(".room-more")));
  });
}

/** The next morning that is another day. */
function tomorrow() {
  const day = new Date();
  day.setDate(day.getDate() + 1);
  day.setHours(MORNING_HOUR, 0, 0, 0);
  return day;
}
