/**
 * Shows how people are. Every element with `data-presence-of="USER_ID"`, wherever it is and whenever
 * it comes, is drawn as that person's dot, and the server is asked to tell of those it shows.
 *
 * The dot's shape says the state, not its colour alone; its words are for who does not see it.
 * `data-presence-words` on the element has them shown beside it.
 */

import { isBarred } from "../barred.js";
import { OFFLINE } from "../models/presence.js";
import { avatarOf } from "../people.js";
import { WORDS } from "../words.js";

const SELECTOR = "[data-presence-of]";
const WATCHED_MAX = 500; // as the server takes
const GATHER_MS = 150; // a list that is being drawn is one question
const FACES = 3;

/**
 * @param {Object} parts
 * @param {import("../models/presence.js").Presence} parts.presence
 * @param {import("../models/socket.js").Socket} parts.socket
 * @param {string|null} parts.room the one in view
 */
export function showPresence({ presence, socket, room }) {
  let watched = "";
  let timer = 0;

  const dots = () => /** @type {HTMLElement[]} */ ([...document.querySelectorAll(SELECTOR)]);
  const draw = (/** @type {(id: string) => boolean} */ concerns) => {
    for (const dot of dots()) {
      if (concerns(dot.dataset.presenceOf)) drawDot(dot, presence.of(dot.dataset.presenceOf));
    }
  };
  /** Have the server tell of whom the page shows now. */
  const watch = async () => {
    const people = [...new Set(dots().map((dot) => dot.dataset.presenceOf))].slice(0, WATCHED_MAX);
    const key = [...people].sort().join(" ");
    if (key === watched || !socket.isOpen || isBarred("watch")) return;
    watched = key;
    const answer = await socket.request("watch", { people }).catch((error) => {
      watched = ""; // asked again with the next list, or the next connection
      console.warn("Whether people are here is not known:", error.message);
    });
    if (!answer || key !== watched) return;
    presence.loadWatched(answer.statuses, people);
    presence.setOwn(answer.own);
  };
  const look = () => {
    timer = 0;
    draw(() => true);
    watch();
  };

  presence.on("change", ({ ids }) => draw((id) => ids.has(id)));
  socket.on("viewing", (frame) => frame.room === room && presence.loadRoom(frame.presence));
  socket.on("presence", (frame) => {
    if (frame.room === null || frame.room === room) presence.merge(frame.room !== null, frame.statuses);
  });
  socket.on("availability", ({ data }) => presence.setOwn(data));
  socket.on("ready", () => {
    watched = "";
    watch();
  });
  new MutationObserver((changes) => {
    if (!timer && changes.some(concernsDots)) timer = setTimeout(look, GATHER_MS);
  }).observe(document.body, { childList: true, subtree: true });
  look();
}

/** @param {MutationRecord} change */
function concernsDots({ addedNodes, removedNodes }) {
  return [...addedNodes, ...removedNodes].some(
    (node) => node instanceof Element && (node.matches(SELECTOR) || node.querySelector(SELECTOR)),
  );
}

/** @param {HTMLElement} dot @param {import("../models/presence.js").Status} status */
function drawDot(dot, status) {
  if (dot.dataset.presence === status) return;
  const words = WORDS.presence[status];
  dot.dataset.presence = status;
  dot.title = words;
  // Offline is what most are: it is said where it is written only.
  const isWritten = dot.dataset.presenceWords !== undefined;
  const text = document.createElement("span");
  text.className = isWritten ? "presence-words" : "visually-hidden";
  text.textContent = isWritten ? words : status === OFFLINE ? "" : `, ${words}`;
  dot.replaceChildren(text);
}

/**
 * Who else has the open room before them.
 * @param {Object} parts
 * @param {HTMLElement|null} parts.stack
 * @param {string} parts.room
 * @param {string} parts.viewer
 * @param {import("../models/socket.js").Socket} parts.socket
 */
export function showParticipants({ stack, room, viewer, socket }) {
  if (!stack) return;
  const draw = ({ count, people }) => {
    const others = people.filter((person) => person.id !== viewer);
    // Oneself is among those who are counted, but not while one is invisible; in a crowd nobody is named.
    const isCounted = people.length === 0 || people.some((person) => person.id === viewer);
    const number = isCounted ? count - 1 : count;
    const faces = others.slice(0, FACES).map((person) => avatarOf(person, "small"));
    const words = document.createElement("span");
    words.textContent = WORDS.here(number);
    stack.hidden = number < 1;
    stack.title = others.length ? WORDS.hereNow(others.map((person) => person.display_name), number) : "";
    stack.replaceChildren(...faces, words);
  };
  const hear = (frame) => {
    if (frame.room === room && frame.participants) draw(frame.participants);
  };
  socket.on("viewing", hear);
  socket.on("presence", hear);
}
