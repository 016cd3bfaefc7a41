/** Rooms of the side bar are moved by dragging, with a mouse or a pen; a finger scrolls, and has the menu. */

import { call } from "../api.js";
import { act } from "./sections.js";

const SLIP_PX = 6;
const EDGE_PX = 32;
const SCROLL_PX = 8;

/** @param {{nav: HTMLElement, redraw: () => Promise<void>}} parts */
export function dragRooms({ nav, redraw }) {
  /** @type {{item: HTMLElement, x: number, y: number, id: number, isOn: boolean}|null} */
  let drag = null;
  /** @type {{section: HTMLElement, beside: HTMLElement|null, side: "before"|"after"}|null} */
  let target = null;
  const line = document.createElement("div");
  line.className = "drop-line";
  line.hidden = true;
  document.body.append(line);

  const aim = (event) => {
    const box = nav.getBoundingClientRect();
    if (event.clientY < box.top + EDGE_PX) nav.scrollTop -= SCROLL_PX;
    if (event.clientY > box.bottom - EDGE_PX) nav.scrollTop += SCROLL_PX;
    const under = document.elementFromPoint(event.clientX, event.clientY);
    const section = /** @type {HTMLElement|null} */ (under?.closest("#rooms .sidebar-section"));
    target = section && takes(section, drag.item) ? { section, beside: null, side: "after" } : null;
    const over = /** @type {HTMLElement|null} */ (under?.closest(".room-item"));
    if (target && over && over !== drag.item) {
      const { top, height } = over.getBoundingClientRect();
      Object.assign(target, { beside: over, side: event.clientY < top + height / 2 ? "before" : "after" });
    } else if (target && over === drag.item) target = null;
    else if (target) target.beside = lastOther(section, drag.item);
    point();
  };
  const point = () => {
    for (const each of nav.querySelectorAll(".is-target")) each.classList.remove("is-target");
    line.hidden = !target?.beside;
    if (target && !target.beside) target.section.classList.add("is-target");
    if (!target?.beside) return;
    const { left, width, top, bottom } = target.beside.getBoundingClientRect();
    Object.assign(line.style, { left: `${left}px`, width: `${width}px`, top: `${(target.side === "before" ? top : bottom) - 1}px` });
  };
  const end = () => {
    drag?.item.classList.remove("is-dragged");
    document.documentElement.classList.remove("is-dragging");
    target = null;
    point();
    drag = null;
  };

  nav.addEventListener("dragstart", (event) => event.preventDefault()); // of links, the browser's own
  nav.addEventListener("pointerdown", (event) => {
    const item = /** @type {HTMLElement|null} */ (/** @type {HTMLElement} */ (event.target).closest(".room-item"));
    if (!item || event.button !== 0 || event.pointerType === "touch" || /** @type {HTMLElement} */ (event.target).closest(".room-more")) return;
    drag = { item, x: event.clientX, y: event.clientY, id: event.pointerId, isOn: false };
  });
  addEventListener("pointermove", (event) => {
    if (!drag || event.pointerId !== drag.id) return;
    if (!drag.isOn && Math.hypot(event.clientX - drag.x, event.clientY - drag.y) < SLIP_PX) return;
    if (!drag.isOn) {
      drag.isOn = true;
      drag.item.classList.add("is-dragged");
      document.documentElement.classList.add("is-dragging");
      addEventListener("click", swallow, { capture: true, once: true });
    }
    aim(event);
  });
  addEventListener("pointerup", (event) => {
    if (!drag || event.pointerId !== drag.id) return;
    const { item, isOn } = drag;
    const at = target;
    end();
    if (!isOn) return;
    setTimeout(() => removeEventListener("click", swallow, { capture: true })); // where no click follows
    if (!at) return;
    const key = at.section.dataset.section;
    /** @type {Record<string, any>} */
    const body = { favourite: key === "favourites" };
    if (key !== "favourites") body.section = at.section.classList.contains("is-own") ? key : null;
    if (at.beside) {
      body[at.side] = roomOf(at.beside);
      at.beside[at.side](item); // where it is let go, at once
    }
    act(() => call("PATCH", `rooms/${roomOf(item)}/me/`, body), redraw);
  });
  addEventListener("pointercancel", () => drag && end());
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !drag?.isOn) return;
    event.preventDefault();
    end();
  });
}

const roomOf = (item) => item.querySelector(".room-link").dataset.room;

/** Rooms and direct messages keep to their own; favourites and one's own sections take both. */
function takes(section, item) {
  const isDirect = item.querySelector(".room-link").dataset.kind === "direct";
  const key = section.dataset.section;
  return !(key === "rooms" && isDirect) && !(key === "direct" && !isDirect);
}

function lastOther(section, item) {
  const others = [...section.querySelectorAll(".room-item")].filter((each) => each !== item);
  return /** @type {HTMLElement|undefined} */ (others.at(-1)) ?? null;
}

function swallow(event) {
  event.preventDefault();
  event.stopPropagation();
}
