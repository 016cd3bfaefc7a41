/**
 * The open room: brings together its timeline, the pages of its history, the scrolling, and the
 * events of its log.
 */

import { WORDS } from "../words.js";

const LOAD_WITHIN_SCREENS = 1.5; // begin to load before the reader arrives at the edge
const SHOW_LOADING_MS = 150; // what takes less needs no sign

/** The log events that alter messages. */
const EVENTS = [
  "message.created", "message.edited", "message.deleted", "message.pinned", "message.unpinned",
  "message.previewed", "poll.changed", "reaction.added", "reaction.removed", "member.joined", "member.left",
  "messages.purged",
];

/**
 * @param {Object} parts
 * @param {HTMLElement} parts.box the timeline's element
 * @param {string} parts.room
 * @param {import("../models/socket.js").Socket} parts.socket
 * @param {import("../models/timeline.js").Timeline} parts.timeline
 * @param {import("../models/history.js").History} parts.history
 * @param {import("../models/scroll.js").Scroller} parts.scroller
 * @param {import("../models/unread.js").Unread} parts.unread
 * @param {import("../models/attention.js").Attention} parts.attention
 */
export function openRoom({ box, room, socket, timeline, history, scroller, unread, attention }) {
  const ifHere = (listener) => (frame) => {
    if (frame.room === room) listener(frame);
  };
  for (const name of EVENTS) socket.on(name, ifHere((frame) => history.apply(frame)));

  // Where the log can't be followed, what is shown is read anew around the reader.
  const reread = () => {
    const seen = scroller.isAtBottom ? null : scroller.lastSeen();
    return seen ? history.loadAround(Number(seen.dataset.number)) : history.loadLatest();
  };
  socket.on("room.reset", ifHere(reread));

  takePosition({ box, room, timeline, scroller, unread });
  divideUnread({ box, room, socket, timeline, history, scroller, unread, attention });
  loadAtEdges({ box, history, scroller });
}

/** Where the page opens: at the message that was asked for, at the first unread one, or at the end. */
function takePosition({ box, room, timeline, scroller, unread }) {
  const state = unread.get(room);
  const lastRead = Number(box.dataset.lastReadNumber);
  if (state?.unread > 0) timeline.divide(lastRead);
  const target = box.dataset.target && timeline.numbered(Number(box.dataset.target));
  const isUnreadShown = (timeline.first ?? Infinity) <= lastRead + 1 || box.dataset.hasBefore === "false";
  if (target) {
    target.classList.add("is-target");
    scroller.center(target);
  } else if (timeline.divider && isUnreadShown) {
    scroller.showFrom(timeline.divider);
  } else {
    scroller.toBottom();
  }
  box.dataset.placed = ""; // timeline.css shows it from here on
}

/** The line above the first unread message: it moves when something arrives unseen after all was read. */
function divideUnread({ box, room, socket, timeline, history, scroller, unread, attention }) {
  let isAllRead = (unread.get(room)?.unread ?? 0) === 0;
  let isFresh = true;
  unread.on("counts", ({ id, unread: count }) => {
    if (id === room && count === 0) isAllRead = true;
  });
  // Marked unread here or on another device: the line goes to where that begins.
  unread.on("returned", (position) => {
    if (position.room === room) scroller.keep(() => timeline.divide(position.number));
  });
  history.on("drawn", () => {
    const { unread: count = 0, lastRead = 0 } = unread.get(room) ?? {};
    if (count > 0 && isAllRead) {
      isAllRead = false;
      scroller.keep(() => timeline.divide(lastRead));
    }
    // Nobody looks: what arrives must not push the first of it out of view.
    const { divider } = timeline;
    const isUnseen = count > 0 && !attention.isHere;
    if (isUnseen && divider && scroller.isAtBottom && scroller.isAbove(divider)) scroller.showFrom(divider);
  });
  // A page that the browser had kept may be older than what was read elsewhere since.
  addEventListener("pageshow", (event) => {
    isFresh ||= event.persisted;
  });
  socket.on("ready", (frame) => {
    const here = frame.rooms.find((each) => each.id === room);
    if (isFresh && here && here.last_read_number > Number(box.dataset.lastReadNumber)) {
      scroller.keep(() => timeline.divide(here.unread > 0 ? here.last_read_number : null));
    }
    isFresh = false;
  });
}

/** Load further pages as the reader nears an edge, and say so when that fails. */
function loadAtEdges({ box, history, scroller }) {
  let timer = 0;
  let hasFailed = false;
  const near = () => {
    if (hasFailed) return; // the reader says when to try again
    if (scroller.above < LOAD_WITHIN_SCREENS) history.loadBefore();
    if (scroller.below < LOAD_WITHIN_SCREENS) history.loadAfter();
  };
  const mark = () => {
    const edges = { hasBefore: String(history.hasBefore), hasAfter: String(history.hasAfter) };
    const isSame = box.dataset.hasBefore === edges.hasBefore && box.dataset.hasAfter === edges.hasAfter;
    if (isSame && notice.isConnected === hasFailed) return;
    scroller.keep(() => {
      if (!hasFailed) notice.remove();
      Object.assign(box.dataset, edges);
    });
  };
  const settle = () => {
    clearTimeout(timer);
    delete box.dataset.loading;
    mark();
  };
  const notice = document.createElement("p");
  const again = document.createElement("button");
  notice.className = "history-failed";
  again.type = "button";
  again.className = "button is-compact";
  again.textContent = WORDS.loadAgain;
  notice.append(WORDS.loadFailed, " ", again);

  scroller.on("moved", near);
  history.on("loading", (direction) => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      box.dataset.loading = direction;
    }, SHOW_LOADING_MS);
  });
  history.on("loaded", () => {
    hasFailed = false;
    settle();
    near();
  });
  history.on("drawn", mark);
  history.on("failed", ({ direction, error }) => {
    console.warn(error);
    hasFailed = true;
    settle();
    scroller.keep(() => (direction === "before" ? box.prepend(notice) : box.append(notice)));
    again.onclick = () => {
      hasFailed = false;
      mark();
      history.again(direction);
    };
  });
  near();
}
