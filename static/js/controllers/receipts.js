/**
 * What became of the person's own messages, and telling the server what has been received. In a
 * direct room each of them has a tick: on its way, stored, delivered, read. In a larger one a line
 * under the newest says how many have seen it, and leads to who.
 */

import { exactTime } from "../dates.js";
import { icon } from "../icons.js";
import { Receipts } from "../models/receipts.js";
import { WORDS } from "../words.js";
import { refreshPanel, whenPanel } from "./panel.js";

const TELL_EVERY_MS = 1_000; // as seldom as the server writes them
const LOOK_AGAIN_MS = 500; // people who join together are one question

/** The icon and the words of each state of a message. @type {Record<string, [string, string]>} */
const STATES = {
  pending: ["clock", WORDS.sending],
  sent: ["check", WORDS.sent],
  delivered: ["checks", WORDS.delivered],
  read: ["checks", WORDS.read],
};

/**
 * @param {Object} parts
 * @param {string} parts.room
 * @param {string} parts.viewer
 * @param {boolean} parts.isDirect
 * @param {HTMLElement} parts.list
 * @param {import("../models/socket.js").Socket} parts.socket
 * @param {import("../models/outbox.js").Outbox} parts.outbox
 * @param {import("../models/history.js").History} parts.history
 * @param {import("../models/scroll.js").Scroller} parts.scroller
 */
export function showReceipts({ room, viewer, isDirect, list, socket, outbox, history, scroller }) {
  const receipts = new Receipts(viewer);
  let isDue = false;
  let timer = 0;

  const draw = () => {
    const mine = /** @type {HTMLElement[]} */ ([...list.querySelectorAll(".message.is-mine:not([data-deleted])")]);
    const own = mine.filter((message) => message.querySelector(".message-body"));
    for (const message of own) setTick(message, isDirect ? stateOf(message, receipts) : unsentState(message));
    const newest = isDirect ? null : own.findLast((message) => message.dataset.number);
    for (const line of list.querySelectorAll(".seen-by")) if (line.closest(".message") !== newest) line.remove();
    if (newest) setLine(newest, receipts.of(Number(newest.dataset.number)));
  };
  /** Draw once for whatever happens in one go. */
  const refresh = () => {
    if (isDue) return;
    isDue = true;
    queueMicrotask(() => {
      isDue = false;
      scroller.keep(draw);
    });
  };
  const lookAgain = () => {
    clearTimeout(timer);
    timer = setTimeout(() => socket.notify({ type: "view", room }), LOOK_AGAIN_MS);
  };
  const ifHere = (listener) => (frame) => {
    if (frame.room === room) listener(frame);
  };

  socket.on("viewing", ifHere((frame) => receipts.load(frame.receipts)));
  socket.on(
    "receipt",
    ifHere((frame) => {
      receipts.merge(frame.receipts);
      refreshPanel("receipts");
    }),
  );
  // Who may read on with us: the answer to `view` says of whom it can be known.
  for (const name of ["member.joined", "member.left"]) socket.on(name, ifHere(lookAgain));
  socket.on("room.removed", ifHere(() => clearTimeout(timer))); // there is nothing to look at any more
  receipts.on("change", refresh);
  for (const name of ["queued", "failed", "sent", "discarded"]) outbox.on(name, refresh);
  for (const name of ["loaded", "drawn"]) history.on(name, refresh);
  refresh();
}

/** The times of the page that says who has read a message are the reader's own. */
export function dressReceiptPages() {
  const dress = (/** @type {ParentNode} */ root) => {
    for (const time of /** @type {NodeListOf<HTMLTimeElement>} */ (root.querySelectorAll(".receipt-time"))) {
      time.textContent = exactTime(new Date(time.dateTime));
    }
  };
  whenPanel("receipts", ({ root }) => dress(root));
  dress(document);
}

/**
 * Tell the server what has come here, of all rooms and once a second at most. What was not told
 * before a cut is told after it: then all that is unread has been heard of.
 * @param {{viewer: string, socket: import("../models/socket.js").Socket}} parts
 */
export function tellReceived({ viewer, socket }) {
  /** @type {Record<string, number>} by room */
  let positions = {};
  let timer = 0;
  const tell = () => {
    timer = 0;
    socket.notify({ type: "received", positions });
    positions = {};
  };
  const note = (/** @type {string} */ room, /** @type {number} */ number) => {
    positions[room] = Math.max(number, positions[room] ?? 0);
    timer ||= setTimeout(tell, TELL_EVERY_MS);
  };
  socket.on("message.created", ({ room, data }) => {
    if (data.sender?.id !== viewer) note(room, data.number);
  });
  socket.on("ready", ({ rooms }) => {
    for (const room of rooms) if (room.unread > 0) note(room.id, room.last_number);
  });
}

/** @returns {string|null} the state that a message shows before it is stored */
function unsentState(message) {
  return message.classList.contains("is-pending") ? "pending" : null;
}

/** @param {HTMLElement} message @param {Receipts} receipts @returns {string|null} */
function stateOf(message, receipts) {
  const { number } = message.dataset;
  if (!number) return unsentState(message); // failed: its buttons say so
  const { read, received, of } = receipts.of(Number(number));
  if (of > 0 && read === of) return "read";
  return of > 0 && received === of ? "delivered" : "sent";
}

/** @param {HTMLElement} message @param {string|null} state */
function setTick(message, state) {
  let tick = /** @type {HTMLElement|null} */ (message.querySelector(".message-status"));
  if (!state) return tick?.remove();
  if (tick?.dataset.state === state) return;
  if (!tick) {
    tick = document.createElement("span");
    tick.className = "message-status";
    tick.dataset.transient = "";
    message.querySelector(".message-head")?.append(tick);
  }
  const [name, words] = STATES[state];
  const spoken = document.createElement("span");
  spoken.className = "visually-hidden";
  spoken.textContent = words;
  tick.dataset.state = state;
  tick.title = words;
  tick.replaceChildren(icon(name, "is-small"), spoken);
}

/** @param {HTMLElement} message @param {{read: number, received: number, of: number}} counts */
function setLine(message, { read, of }) {
  let line = /** @type {HTMLAnchorElement|null} */ (message.querySelector(".seen-by"));
  const body = message.querySelector(".message-body");
  if (read === 0) return line?.remove();
  if (!line) {
    line = document.createElement("a");
    line.className = "seen-by";
    line.dataset.transient = "";
    line.dataset.panel = "";
    line.dataset.panelTitle = WORDS.seenBy;
  }
  const words = read === of ? WORDS.seenByAll : WORDS.seenBySome(read, of);
  line.href = `/m/${message.dataset.id}/receipts/`;
  line.classList.toggle("is-all", read === of);
  if (line.textContent !== words) line.replaceChildren(icon("checks", "is-small"), words);
  if (body?.lastElementChild !== line) body?.append(line); // below what has come to the message since
}
