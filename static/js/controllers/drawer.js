/** On a phone: the side bar in place of the room, by button, and back again by the back gesture. */

const SHOWN = "show-sidebar";

/** @param {{body: HTMLElement, sidebar: HTMLElement, openers: Iterable<HTMLElement>}} parts */
export function runDrawer({ body, sidebar, openers }) {
  /** @type {HTMLElement|null} */
  let opener = null;
  const isShown = () => body.classList.contains(SHOWN);
  const hide = () => {
    if (!isShown()) return;
    body.classList.remove(SHOWN);
    opener?.setAttribute("aria-expanded", "false");
    opener?.focus();
  };

  for (const button of openers) {
    button.setAttribute("aria-expanded", "false");
    button.addEventListener("click", () => {
      opener = button;
      body.classList.add(SHOWN);
      button.setAttribute("aria-expanded", "true");
      history.pushState({ [SHOWN]: true }, ""); // what the back gesture takes away again
      (sidebar.querySelector(".room-link.is-current") ?? sidebar.querySelector(".room-link") ?? sidebar).focus();
    });
  }
  addEventListener("popstate", hide);
  document.addEventListener("panel:open", () => {
    if (!isShown()) return;
    hide(); // the panel takes the place, and the entry of the history with it
    opener?.blur();
  });
  addEventListener("keydown", (event) => {
    const isTaken = event.defaultPrevented || document.querySelector(":popover-open:not(.toast), dialog[open]");
    if (event.key === "Escape" && isShown() && !isTaken) history.back();
  });
  sidebar.addEventListener("click", (event) => {
    const link = /** @type {HTMLElement} */ (event.target).closest("a[href]");
    if (!isShown() || !link || event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey) return;
    event.preventDefault();
    if (link.getAttribute("aria-current") === "page") history.back();
    else location.replace(link.href); // in place of the entry that the open side bar made
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) hide();
  });
}
