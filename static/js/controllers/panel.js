/**
 * The side panel: shows pages of the server beside the room, and on a phone in its place.
 *
 * A link with `data-panel` opens its address in it; so does `openPanel`. What a kind of panel does
 * is said with `whenPanel(kind, …)`; its server side is `rooms/panels.py`. The panel's content is a
 * page of its own, so that the link works in a new tab and without a script.
 *
 * Every opened page is an entry of the browser's history: Back leads to the one before, and at last
 * closes the panel. Events on `document`: `panel:open` {url, title} asks for a page, `panel:close` to close it, `panel:refresh`
 * {kind} to read it anew; `panel:shown` {kind, root, url, signal}, `panel:grown` {root, items} and
 * `panel:closed` tell.
 */

import { WORDS } from "../words.js";
import { say } from "./toasts.js";

const STATE = "panel";
const SKELETON_AFTER_MS = 150; // what takes less needs no sign
const GATHER_MS = 300; // a burst of events is one reading
const HEADER = "X-Panel";
const PART_HEADER = "X-Part"; // read in the background: what there is to say is left for a page that is looked at
const AWAY_HEADER = "X-Panel-Away"; // a page that is no panel's

/**
 * @typedef {Object} Shown
 * @property {string} kind
 * @property {HTMLElement} root     what the server has answered
 * @property {string} url
 * @property {AbortSignal} signal   aborted when the content goes; listeners end with it
 */

/** Open a page in the panel. @param {string} url @param {string} [title] shown until the page is there */
export function openPanel(url, title = "") {
  document.dispatchEvent(new CustomEvent("panel:open", { detail: { url, title } }));
}

/** Close the panel, if it is open. */
export function closePanel() {
  document.dispatchEvent(new CustomEvent("panel:close"));
}

/** Read the panel's page anew, if it is of this kind. @param {string} kind */
export function refreshPanel(kind) {
  document.dispatchEvent(new CustomEvent("panel:refresh", { detail: { kind } }));
}

/** Say that what is shown stands at another address by now: it is read anew there. @param {string} url */
export function placePanel(url) {
  history.replaceState({ [STATE]: { ...history.state?.[STATE], url } }, "");
}

/** Call `start` whenever a panel of this kind is shown. @param {string} kind @param {(shown: Shown) => void} start */
export function whenPanel(kind, start) {
  document.addEventListener("panel:shown", (event) => {
    const shown = /** @type {CustomEvent<Shown>} */ (event).detail;
    if (shown.kind === kind) start(shown);
  });
}

/**
 * Start it, after all that uses `whenPanel`.
 * @param {{aside: HTMLElement, fallback: () => HTMLElement|null}} parts `fallback` takes the focus when the opener has gone
 */
export function runPanel({ aside, fallback }) {
  let content = new AbortController(); // of what is shown
  let asking = new AbortController(); // of what is under way
  /** @type {HTMLElement|null} */
  let opener = null;
  let gathering = 0;
  let isStale = false;

  const isOpen = () => aside.childElementCount > 0;
  const urlNow = () => history.state?.[STATE]?.url ?? null;

  /** @param {HTMLElement} root @param {string} url */
  const show = (root, url) => {
    content.abort();
    content = new AbortController();
    isStale = false;
    aside.replaceChildren(root);
    aside.removeAttribute("aria-busy");
    aside.setAttribute("aria-labelledby", "panel-title");
    const { kind } = root.dataset;
    if (kind) tell({ kind, root, url, signal: content.signal });
  };
  const focusIn = () => {
    const wanted = matchMedia("(hover: hover)").matches ? aside.querySelector("[autofocus]") : null;
    (aside.querySelector("[aria-invalid=true]") ?? wanted ?? aside.querySelector("#panel-title"))?.focus();
  };
  const clear = () => {
    if (!isOpen()) return;
    asking.abort();
    content.abort();
    clearTimeout(gathering);
    const hadFocus = aside.contains(document.activeElement) || document.activeElement === document.body;
    aside.replaceChildren();
    document.dispatchEvent(new CustomEvent("panel:closed"));
    if (hadFocus) (opener?.checkVisibility() ? opener : fallback())?.focus({ preventScroll: true });
    opener = null;
  };

  /** Fetch a page and show it. @param {string} url @param {string} title @param {RequestInit} [request] */
  const load = async (url, title, request) => {
    asking.abort();
    const { signal } = (asking = new AbortController());
    aside.setAttribute("aria-busy", "true");
    let skeleton = 0;
    if (!isOpen()) show(waiting(title), url); // its place opens at once; the style sheet lets the skeleton wait
    else if (!request) skeleton = setTimeout(() => show(waiting(title), url), SKELETON_AFTER_MS);
    const root = await ask(url, { ...request, signal });
    clearTimeout(skeleton);
    if (signal.aborted) return;
    if (root === "away") return;
    if (!(root instanceof HTMLElement) && request) {
      aside.removeAttribute("aria-busy");
      say(WORDS.notSaved); // the form stays, with what was typed
      return;
    }
    if (root instanceof HTMLElement) {
      // A form led to another page, or to its own again: that one is read anew from now on.
      const { at } = root.dataset;
      if (at) placePanel(at);
      show(root, at ?? url);
    } else show(failed(title, root, () => load(url, title)), url);
    focusIn();
  };
  const open = (url, title) => {
    const state = history.state ?? {};
    const depth = (state[STATE]?.depth ?? 0) + 1;
    if (!isOpen()) opener = /** @type {HTMLElement} */ (document.activeElement);
    if (urlNow() === url) history.replaceState(state, "");
    else if (state["show-sidebar"]) history.replaceState({ [STATE]: { url, title, depth } }, "");
    else history.pushState({ [STATE]: { url, title, depth } }, "");
    load(url, title);
  };
  const close = () => {
    const depth = history.state?.[STATE]?.depth ?? 0;
    if (depth > 0) history.go(-depth);
    else clear();
  };

  /** Show what has changed since, without moving what is read nor taking what is being typed. */
  const refresh = async () => {
    const url = urlNow();
    if (!isOpen() || !url) return;
    if (aside.querySelector(":is(input, textarea, select):focus")) {
      isStale = true; // read when the field is left
      return;
    }
    const { signal } = content;
    const root = await ask(url, { signal, headers: { [PART_HEADER]: "1" } });
    if (signal.aborted || !(root instanceof HTMLElement)) return; // what is shown stays; a later event tries again
    // What a form had to say: its own event has the page read anew before anybody could read it.
    const notices = aside.querySelector(".notices:not(:empty)");
    if (notices) root.querySelector(".notices")?.replaceWith(notices);
    const held = document.activeElement?.id;
    const top = aside.querySelector(".panel-body")?.scrollTop ?? 0;
    mergeList(aside, root);
    show(root, url);
    const body = aside.querySelector(".panel-body");
    if (body) body.scrollTop = top;
    if (held) aside.querySelector(`#${CSS.escape(held)}`)?.focus({ preventScroll: true });
  };

  document.addEventListener("panel:open", (event) => {
    const { url, title } = /** @type {CustomEvent} */ (event).detail;
    open(url, title);
  });
  document.addEventListener("panel:close", () => {
    if (isOpen()) close();
  });
  document.addEventListener("panel:refresh", (event) => {
    if (/** @type {CustomEvent} */ (event).detail.kind !== aside.querySelector(".panel-page")?.dataset.kind) return;
    clearTimeout(gathering);
    gathering = setTimeout(refresh, GATHER_MS);
  });
  aside.addEventListener("focusout", () => {
    if (isStale) setTimeout(refresh);
  });
  document.addEventListener(
    "click",
    (event) => {
      const target = /** @type {HTMLElement} */ (event.target);
      if (target.closest("[data-panel-close]")) return close();
      if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
      const more = /** @type {HTMLAnchorElement|null} */ (target.closest("#panel a[data-more]"));
      const link = /** @type {HTMLAnchorElement|null} */ (target.closest("a[data-panel]"));
      if (!more && !link) return;
      event.preventDefault();
      if (more) appendMore(more);
      else if (link) {
        link.closest("[popover]")?.hidePopover();
        openPanel(link.getAttribute("href"), link.dataset.panelTitle ?? link.textContent.trim());
      }
    },
    { capture: true }, // before the side bar's drawer takes the link for one that leads away
  );
  aside.addEventListener("submit", (event) => {
    const form = /** @type {HTMLFormElement} */ (event.target);
    if (!form.matches("form[data-panel]") || event.defaultPrevented) return;
    event.preventDefault();
    const fields = new FormData(form, event.submitter);
    const action = form.getAttribute("action") || urlNow();
    const title = aside.querySelector("#panel-title")?.textContent ?? "";
    const method = event.submitter?.getAttribute("formmethod") ?? form.method;
    if (method === "post") return load(action, title, { method: "POST", body: fields });
    const url = `${action.split("?")[0]}?${new URLSearchParams(/** @type {any} */ (fields))}`;
    placePanel(url);
    load(url, title);
  });
  addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || !isOpen()) return;
    if (document.querySelector(":popover-open:not(.toast), dialog[open]")) return;
    const at = document.activeElement;
    if (aside.contains(at) || at === document.body) close();
  });
  addEventListener("popstate", (event) => {
    const page = event.state?.[STATE];
    if (page) load(page.url, page.title);
    else clear();
  });
  // One that was opened at its own address fills the page, and stays as long as that does.
  const whole = /** @type {HTMLElement|null} */ (document.querySelector(".main > .panel-page"));
  if (whole) tell({ kind: whole.dataset.kind, root: whole, url: location.pathname, signal: new AbortController().signal });
  const before = history.state?.[STATE];
  if (before) load(before.url, before.title); // the page was loaded anew
}

/** Say that a page is shown. @param {Shown} shown */
function tell(shown) {
  document.dispatchEvent(new CustomEvent("panel:shown", { detail: shown }));
}

/**
 * Fetch a panel's content.
 * @returns {Promise<HTMLElement|"gone"|"failed"|"away">}
 */
async function ask(url, request) {
  let response;
  let text = "";
  try {
    response = await fetch(url, { cache: "no-store", ...request, headers: { [HEADER]: "1", ...request.headers } });
    if (response.headers.get(HEADER) === "1") text = await response.text();
  } catch (error) {
    if (!(error instanceof TypeError) && error.name !== "AbortError") throw error;
    return "failed";
  }
  if (text) {
    const page = new DOMParser().parseFromString(text, "text/html");
    const root = /** @type {HTMLElement} */ (document.adoptNode(page.querySelector(".panel-page")));
    if (response.redirected) root.dataset.at = new URL(response.url).pathname;
    return root;
  }
  const away = response.headers.get(AWAY_HEADER);
  if (away || response.redirected) {
    location.assign(away ?? response.url); // the form leads there, the session has ended, or the room has moved
    return "away";
  }
  return response.status === 404 || response.status === 410 ? "gone" : "failed";
}

/** Fetch another form of the shown page, without showing it. @returns {Promise<HTMLElement|"gone"|"failed"|"away">} */
export const askPanel = ask;

/** Fetch the next part of a list and put it below. @param {HTMLAnchorElement} link */
async function appendMore(link) {
  if (link.getAttribute("aria-busy") === "true") return;
  link.setAttribute("aria-busy", "true");
  const root = await ask(link.href, {});
  link.removeAttribute("aria-busy");
  if (!link.isConnected) return;
  if (!(root instanceof HTMLElement)) {
    link.textContent = WORDS.moreFailed;
    return;
  }
  const list = link.closest(".panel-page").querySelector("[data-list]");
  const items = [...root.querySelectorAll("[data-list] > *")];
  list.append(...items);
  const next = root.querySelector("a[data-more]");
  if (next) link.replaceWith(next);
  else link.remove();
  document.dispatchEvent(new CustomEvent("panel:grown", { detail: { root, items } }));
}

/** Keep below a list that was read anew what the reader had loaded of it before. */
function mergeList(aside, root) {
  const [shown, fresh] = [aside.querySelector("[data-list]"), root.querySelector("[data-list]")];
  if (!shown || !fresh) return;
  const keys = new Set([...fresh.children].map((item) => item.dataset.key));
  const items = [...shown.children];
  const last = items.findLastIndex((item) => keys.has(item.dataset.key));
  const rest = last < 0 ? [] : items.slice(last + 1);
  if (rest.length === 0 || !root.querySelector("a[data-more]")) return;
  fresh.append(...rest);
  const [next, held] = [root.querySelector("a[data-more]"), aside.querySelector("a[data-more]")];
  if (held) next.replaceWith(held);
  else next.remove();
}

/** The panel's frame with something in it that is not from the server. */
function frame(title, ...children) {
  const root = document.createElement("section");
  const bar = document.createElement("header");
  const heading = document.createElement("h2");
  const body = document.createElement("div");
  root.className = "panel-page";
  bar.className = "bar panel-bar";
  heading.id = "panel-title";
  heading.tabIndex = -1;
  heading.textContent = title;
  const name = document.createElement("div");
  name.className = "bar-title";
  name.append(heading);
  body.className = "panel-body";
  body.append(...children);
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById("panel-close-template"));
  bar.append(template.content.cloneNode(true), name);
  root.append(bar, body);
  return root;
}

function waiting(title) {
  const skeleton = document.createElement("div");
  skeleton.className = "skeleton";
  skeleton.setAttribute("aria-hidden", "true");
  skeleton.append(...Array.from({ length: 5 }, () => document.createElement("i")));
  return frame(title, skeleton);
}

function failed(title, how, again) {
  const state = document.createElement("div");
  const words = document.createElement("p");
  state.className = "state";
  state.setAttribute("role", "alert");
  words.textContent = how === "gone" ? WORDS.panelGone : WORDS.panelFailed;
  state.append(words);
  if (how !== "gone") {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "button";
    button.textContent = WORDS.loadAgain;
    button.addEventListener("click", again);
    state.append(button);
  }
  return frame(title, state);
}
