/**
 * A thread in the side panel, or as a page of its own: its first message, the replies as they come,
 * a composer, following it, and how far it has been read.
 */

import { call } from "../api.js";
import { isBarred } from "../barred.js";
import { equipComposer } from "../composing.js";
import { History } from "../models/history.js";
import { Scroller } from "../models/scroll.js";
import { Timeline } from "../models/timeline.js";
import { avatarOf, textIn } from "../people.js";
import { LABELS } from "../words.js";
import { showOutgoing } from "./outgoing.js";
import { askPanel, refreshPanel } from "./panel.js";
import { closeComposer, heedSilence } from "./silence.js";
import { say } from "./toasts.js";

const READ_PAUSE_MS = 500;
const LOAD_WITHIN_SCREENS = 1;
const EVENTS = [
  "message.created", "message.edited", "message.deleted", "message.pinned", "message.unpinned", "message.previewed",
  "poll.changed", "reaction.added", "reaction.removed", "messages.purged",
];

/**
 * @param {Object} parts
 * @param {HTMLElement} parts.root  the `.panel-page` of kind “thread”
 * @param {string} parts.url
 * @param {AbortSignal} parts.signal ends with the page
 * @param {string} parts.viewer
 * @param {import("../models/socket.js").Socket} parts.socket
 * @param {import("../models/own.js").Own} parts.own
 * @param {import("../models/blocked.js").Blocked} parts.blocked
 * @param {import("../models/store.js").Store} parts.store
 * @param {import("../models/drafts.js").Drafts} parts.drafts
 * @param {import("../models/outbox.js").Outbox} parts.outbox
 * @param {import("../models/threads.js").Threads} parts.threads
 * @param {import("../models/attention.js").Attention} parts.attention
 */
export function runThread({ root, url, signal, viewer, socket, own, blocked, store, drafts, outbox, threads, attention }) {
  const { thread, number } = root.dataset;
  const within = /** @type {HTMLElement} */ (root.querySelector(".thread"));
  const { room, slug } = within.dataset;
  const box = /** @type {HTMLElement} */ (root.querySelector(".panel-body"));
  const list = /** @type {HTMLElement} */ (root.querySelector(".thread-replies"));
  const start = /** @type {HTMLElement} */ (root.querySelector(".thread-root"));
  const asOf = Number(list.dataset.asOfSeq);

  const belongs = (message) => message.dataset.thread === thread;
  const replies = new Timeline(list, viewer, { own, blocked, belongs, signal });
  const beginning = new Timeline(start, viewer, { own, blocked, belongs: () => false, signal });
  beginning.adopt(asOf);
  replies.adopt(asOf);
  const scroller = new Scroller(box, list);
  const keep = (change) => scroller.keep(change);
  const history = new History({
    timeline: replies,
    url: `/r/${slug}/thread/${number}/messages/`,
    hasBefore: list.dataset.hasBefore === "true",
    hasAfter: list.dataset.hasAfter === "true",
    keep,
    nearEnd: () => scroller.isNearEnd,
  });
  const first = new History({ timeline: beginning, url: "", hasBefore: false, hasAfter: false, keep, nearEnd: () => true });

  const refold = () => keep(() => [beginning, replies].forEach((timeline) => timeline.redress()));
  blocked.on("change", refold, { signal });

  const ifHere = (listener) => (frame) => {
    if (frame.room === room) listener(frame);
  };
  for (const name of EVENTS) {
    const apply = ifHere((frame) => {
      first.apply(frame);
      history.apply(frame);
      const { thread: told } = frame.data;
      if (told?.root === thread) showCount(root, told.count);
      if (frame.type === "message.created" && told?.root === thread && frame.data.sender) showPerson(root, frame.data.sender);
    });
    socket.on(name, apply, { signal });
  }
  socket.on("room.reset", ifHere(() => history.loadLatest()), { signal });

  // Where it opens: at the first unread reply, or at the end.
  const readNumber = list.dataset.readNumber;
  if (readNumber !== undefined) replies.divide(Number(readNumber));
  if (replies.divider) scroller.showFrom(replies.divider);
  else if (replies.size > 0 && !history.hasBefore && box.scrollHeight <= box.clientHeight * 1.5) box.scrollTop = 0;
  else scroller.toBottom();

  const near = () => {
    if (scroller.above < LOAD_WITHIN_SCREENS) history.loadBefore();
    if (scroller.below < LOAD_WITHIN_SCREENS) history.loadAfter();
  };
  scroller.on("moved", near);
  history.on("loaded", near);
  const mark = () => Object.assign(list.dataset, { hasBefore: history.hasBefore, hasAfter: history.hasAfter });
  history.on("loaded", mark);
  history.on("failed", ({ error }) => console.warn(error));

  if (!isBarred("follow")) {
    followThread({ root, thread, viewer, signal, socket, threads });
    threads.watch(thread, () => attention.isHere && scroller.isAtBottom && !history.hasAfter, signal);
    readThread({ root, thread, signal, socket, scroller, history, attention });
  }

  showOutgoing({
    room,
    thread,
    list,
    outbox,
    timeline: replies,
    history,
    scroller,
    signal,
    template: root.querySelector(".blank-message"),
    field: () => root.querySelector("textarea"),
  });
  // Whether one can write: what changes it for the room changes it here.
  const reread = async () => {
    const page = await askPanel(url, { signal });
    if (!(page instanceof HTMLElement) || signal.aborted) return;
    heedSilence(root, page, () => (root.closest("#panel") ? refreshPanel("thread") : location.reload()));
  };
  for (const name of ["room.changed", "member.changed"]) socket.on(name, ifHere(reread), { signal });
  blocked.on("change", reread, { signal }); // it closes a conversation of two, or opens it again
  socket.on("room.removed", ifHere(() => closeComposer(root)), { signal });

  const form = /** @type {HTMLFormElement|null} */ (root.querySelector(".composer"));
  if (!form) return;
  const send = async (content, extra) => {
    outbox.add(room, content, { ...extra, thread });
    keep(() => replies.divide(null));
    if (history.hasAfter) await history.loadLatest();
    scroller.toBottom();
  };
  const composer = equipComposer({ form, list, viewer, store, drafts, outbox, send, signal });
  within.addEventListener("message:reply", (event) => {
    const { id, name, text } = /** @type {CustomEvent} */ (event).detail;
    composer.reply({ id, name, text });
  });
}

function showCount(root, count) {
  const words = /** @type {HTMLElement} */ (root.querySelector(".thread-count"));
  if (Number(words.dataset.count) >= count) return; // an older event
  words.dataset.count = String(count);
  words.textContent = LABELS.replies(count);
}

/** Show who has replied now for the first time, as far as there is room for faces. */
function showPerson(root, person) {
  const people = /** @type {HTMLElement} */ (root.querySelector(".thread-people"));
  const isShown = [...people.children].some((each) => /** @type {HTMLElement} */ (each).dataset.user === person.id);
  if (isShown || people.childElementCount >= Number(people.dataset.most)) return;
  const face = document.createElement("span");
  face.dataset.user = person.id;
  face.title = person.display_name;
  face.append(avatarOf(person), textIn("span", "visually-hidden", person.display_name));
  people.append(face);
}

/** The button that follows the thread, pressed here or on another device. */
function followThread({ root, thread, viewer, signal, socket, threads }) {
  const button = /** @type {HTMLElement} */ (root.querySelector("[data-act=follow]"));
  const show = (following) => {
    button.setAttribute("aria-pressed", String(following));
    root.toggleAttribute("data-following", following);
  };
  button.addEventListener("click", async () => {
    const following = button.getAttribute("aria-pressed") !== "true";
    show(following);
    try {
      await call(following ? "PUT" : "DELETE", `messages/${thread}/follow/`);
    } catch (error) {
      if (error.name !== "CommandError") throw error;
      show(!following);
      say(error.message);
    }
  });
  socket.on(
    "thread.read",
    (frame) => {
      if (frame.root === thread) show(frame.following);
    },
    { signal },
  );
  // Who replies follows from then on, unless they had stopped: only the server knows.
  socket.on(
    "message.created",
    async ({ data }) => {
      if (data.thread?.root !== thread || data.sender?.id !== viewer || root.hasAttribute("data-following")) return;
      const { thread: state } = await call("GET", `messages/${thread}/thread/?limit=1`);
      show(state.following);
      threads.follow({ root: thread, following: state.following, unread: state.unread });
    },
    { signal },
  );
}

/** Tell the server how far the thread has been seen by somebody who follows it. */
function readThread({ root, thread, signal, socket, scroller, history, attention }) {
  let read = Number(root.dataset.readIndex);
  let timer = 0;
  const tell = async (index) => {
    try {
      await call("POST", `messages/${thread}/thread/read/`, { index });
    } catch (error) {
      if (error.name !== "CommandError") throw error;
      read = Math.min(read, index - 1); // the next look tries again
    }
  };
  const look = () => {
    if (!attention.isHere || !root.hasAttribute("data-following")) return;
    const index = Number(scroller.lastSeen()?.dataset.index ?? 0);
    if (!(index > read)) return;
    read = index;
    clearTimeout(timer);
    timer = setTimeout(() => tell(read), READ_PAUSE_MS);
  };
  scroller.on("moved", look);
  history.on("drawn", look);
  attention.on("change", look, { signal });
  socket.on(
    "thread.read",
    (frame) => {
      if (frame.root !== thread) return;
      read = Math.max(read, frame.index);
      look();
    },
    { signal },
  );
  signal.addEventListener("abort", () => {
    clearTimeout(timer);
    if (read > Number(root.dataset.readIndex)) tell(read);
  });
  look();
}
