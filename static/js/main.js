/** Wires the page: reads what the server has put into it, makes the models, starts the controllers. */

import { tellActivity } from "./controllers/activity.js";
import { runAvailability } from "./controllers/availability.js";
import { announceMessages } from "./controllers/announcer.js";
import { showBadge } from "./controllers/badge.js";
import { runCode } from "./controllers/code.js";
import { showConnection } from "./controllers/connection.js";
import { followContacts } from "./controllers/contacts.js";
import { runDrawer } from "./controllers/drawer.js";
import { showJumps } from "./controllers/jumps.js";
import { showOffscreen } from "./controllers/offscreen.js";
import { showOutgoing } from "./controllers/outgoing.js";
import { prefetchRooms } from "./controllers/prefetch.js";
import { followKeyboard } from "./controllers/keyboard.js";
import { followLinks } from "./controllers/links.js";
import { syncDrafts } from "./controllers/drafts.js";
import { runForwarding } from "./controllers/forward.js";
import { followRoom } from "./controllers/membership.js";
import { countMembers } from "./controllers/member-count.js";
import { followMembers } from "./controllers/members.js";
import { followJumps } from "./controllers/jump-links.js";
import { followPeople } from "./controllers/people.js";
import { runProfiles } from "./controllers/profile.js";
import { runStatus } from "./controllers/status.js";
import { closePanel, runPanel, whenPanel } from "./controllers/panel.js";
import { dressEntries } from "./controllers/entries.js";
import { offerChoices } from "./controllers/room-choices.js";
import { dragRooms } from "./controllers/room-drag.js";
import { openRoom } from "./controllers/room.js";
import { listRooms } from "./controllers/rooms.js";
import { runSections } from "./controllers/sections.js";
import { makeMenu } from "./controllers/sidebar-menu.js";
import { followScheduled } from "./controllers/scheduled.js";
import { showParticipants, showPresence } from "./controllers/presence.js";
import { runSpoilers } from "./controllers/spoiler.js";
import { showShortcuts } from "./controllers/shortcuts.js";
import { runSearch } from "./controllers/search.js";
import { runSwitcher } from "./controllers/switcher.js";
import { runThread } from "./controllers/thread.js";
import { dressReceiptPages, showReceipts, tellReceived } from "./controllers/receipts.js";
import { markUnread } from "./controllers/unread-from.js";
import { showTyping } from "./controllers/typing.js";
import { actOnMessages } from "./acting.js";
import { isBarred } from "./barred.js";
import { equipComposer } from "./composing.js";
import { Attention } from "./models/attention.js";
import { Blocked } from "./models/blocked.js";
import { Cursors } from "./models/cursors.js";
import { Drafts } from "./models/drafts.js";
import { History } from "./models/history.js";
import { Outbox } from "./models/outbox.js";
import { Own } from "./models/own.js";
import { Presence } from "./models/presence.js";
import { Reading } from "./models/reading.js";
import { Scroller } from "./models/scroll.js";
import { Socket } from "./models/socket.js";
import { Store } from "./models/store.js";
import { Threads } from "./models/threads.js";
import { Timeline } from "./models/timeline.js";
import { Unread } from "./models/unread.js";

/** The events that add a message to a room. */
const CREATIONS = ["message.created", "member.joined", "member.left"];

/** The server counts the tries of a send up to this. */
const MOST_TRIES = 1_000;

const byId = (id) => document.getElementById(id);

function start() {
  /** @type {{socket: string, epoch: string, user: {id: string}, invitations: number, rooms: import("./types.js").Room[],
   *   sections: {id: string, name: string}[], availability: import("./models/presence.js").Availability,
   *   threads: {followed: string[], unread: Record<string, number>}, relations: {blocked: string[]}}} */
  const boot = JSON.parse(byId("boot").textContent);
  const viewer = boot.user.id;
  const box = byId("timeline");
  const nav = byId("rooms");

  const store = new Store(viewer);
  const blocked = new Blocked(boot.relations.blocked);
  const unread = new Unread(viewer, blocked);
  const socket = new Socket({
    url: new URL(boot.socket, location.href.replace(/^http/, "ws")).href,
    epoch: boot.epoch,
    cursors: cursorsOf(boot.rooms, box),
  });
  const outbox = new Outbox({
    store,
    isOpen: () => socket.isOpen,
    send: ({ client_id: clientId, room, content, fields, tries }) => {
      const again = tries > 1 && { attempt: Math.min(tries, MOST_TRIES) };
      return socket.request("message.send", { room, content, ...fields, ...again }, clientId);
    },
  });
  const drafts = new Drafts({ store, send: (fields) => socket.request("draft.set", fields) });
  const own = new Own();
  const threads = new Threads(viewer, boot.threads, store);
  const attention = new Attention();
  /** @type {Reading|null} */
  let reading = null;
  unread.load(boot.rooms);
  followLog({ viewer, socket, unread, outbox });
  shareReading({ viewer, socket, unread, isAhead: (read) => reading?.isAhead(read.room, read.number) ?? false });
  const { redraw } = listRooms({ nav, here: box?.dataset.room ?? null, listUrl: "/rooms/", boot, socket, unread });
  const menu = makeMenu();
  const sections = runSections({ viewer, nav, menu, redraw });
  offerChoices({ nav, menu, sections, unread, redraw });
  dragRooms({ nav, redraw });
  showOffscreen({ nav, unread });
  prefetchRooms();
  runSwitcher({ nav });
  runCode(document.body);
  runSpoilers(document.body);
  dressEntries({ viewer, own, blocked });
  followContacts({ bar: byId("shortcuts"), blocked, socket });
  syncDrafts({ nav, drafts, socket });
  followScheduled({ socket });
  followMembers({ socket });
  runForwarding({ nav });
  actOnMessages({ socket, store, own, blocked });
  showShortcuts({ bar: byId("shortcuts"), viewer, socket, unread, threads, drafts, invitations: boot.invitations });
  whenPanel("thread", (shown) => runThread({ ...shown, viewer, socket, own, blocked, store, drafts, outbox, threads, attention }));
  runDrawer({ body: document.body, sidebar: byId("sidebar"), openers: document.querySelectorAll(".to-sidebar") });
  showConnection({ banner: byId("connection-banner"), socket });
  showBadge({ unread, icon: document.querySelector("link[rel~=icon]") });
  followKeyboard(document.body);
  tellActivity({ socket });
  const presence = new Presence(boot.availability);
  showPresence({ presence, socket, room: box?.dataset.room ?? null });
  runAvailability({ form: /** @type {HTMLFormElement|null} */ (byId("availability")), presence, socket });
  tellReceived({ viewer, socket });
  dressReceiptPages();
  followPeople({ socket, viewer });
  runProfiles();
  runStatus({ viewer });
  const here = box ? { id: box.dataset.room, slug: box.dataset.slug } : null;
  if (!isBarred("search")) runSearch({ here, rooms: boot.rooms, store });
  runPanel({ aside: byId("panel"), fallback: () => document.querySelector("#composer textarea") ?? byId("main") });
  // Last: what is in view is read at once, and everything above shows it.
  if (box) reading = startRoom({ box, viewer, store, socket, unread, outbox, drafts, own, blocked, threads, attention });

  // A page with an open socket can't go into the browser's back/forward cache.
  addEventListener("pagehide", () => {
    reading?.flush();
    socket.suspend();
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) socket.start();
  });
  socket.start();
}

/** What has been seen of each room: of the open one, what is in the page. @returns {Cursors} */
function cursorsOf(rooms, box) {
  const seqs = new Map(box ? [[box.dataset.room, Number(box.dataset.asOfSeq)]] : []);
  for (const room of rooms) if (!seqs.has(room.id)) seqs.set(room.id, room.head_seq);
  return new Cursors(seqs);
}

function followLog({ viewer, socket, unread, outbox }) {
  socket.on("ready", (frame) => {
    unread.load(frame.rooms);
    outbox.flush();
  });
  for (const name of CREATIONS) {
    socket.on(name, (frame) => {
      unread.count(frame);
      if (frame.data.sender?.id === viewer) outbox.settle(frame.data);
    });
  }
  socket.on("room.added", ({ room }) => unread.add(room));
  socket.on("room.removed", ({ room }) => unread.remove(room));
}

/** Read positions agree in all tabs at once, and on all devices by way of the server. */
function shareReading({ viewer, socket, unread, isAhead }) {
  const tabs = new BroadcastChannel(`chat:${viewer}`);
  const follow = (read) => {
    if (!isAhead(read)) unread.follow(read);
  };
  unread.on("read", (read) => tabs.postMessage(read));
  tabs.addEventListener("message", (event) => follow(event.data));
  socket.on("read", follow);
}

/** @returns {Reading} */
function startRoom({ box, viewer, store, socket, unread, outbox, drafts, own, blocked, threads, attention }) {
  const { room, slug } = box.dataset;
  const list = byId("messages");
  const timeline = new Timeline(list, viewer, { own, threads, blocked, folds: box.dataset.folds !== undefined });
  timeline.adopt(Number(box.dataset.asOfSeq));
  const scroller = new Scroller(box, list);
  const history = new History({
    timeline,
    url: `/r/${slug}/messages/`,
    hasBefore: box.dataset.hasBefore === "true",
    hasAfter: box.dataset.hasAfter === "true",
    keep: (change) => scroller.keep(change),
    nearEnd: () => scroller.isNearEnd,
  });
  const reading = new Reading({
    room,
    timeline,
    history,
    scroller,
    attention,
    unread,
    send: (number) => socket.request("read", { room, number }),
    sendBack: (number) => socket.request("read", { room, unread_from: number }),
  });

  blocked.on("change", () => scroller.keep(() => timeline.redress()));
  openRoom({ box, room, socket, timeline, history, scroller, unread, attention });
  markUnread({ timeline, scroller, reading });
  showReceipts({ room, viewer, isDirect: box.dataset.kind === "direct", list, socket, outbox, history, scroller });
  showOutgoing({ room, field: () => document.querySelector("#composer textarea"), list, outbox, timeline, history, scroller });
  const [latest, first] = [byId("jump-latest"), byId("jump-unread")];
  showJumps({ room, latest, first, timeline, history, scroller, unread, reading });
  followLinks({ list, scroller, history, slug });
  followJumps({ room, timeline, history, scroller, makeWay: () => matchMedia("(max-width: 760px)").matches && closePanel() });
  announceMessages({ log: box, room, viewer, socket, blocked });
  const typing = showTyping({ line: byId("typing"), room, viewer, socket });
  showParticipants({ stack: byId("here-now"), room, viewer, socket });
  countMembers({ box, socket });
  followRoom({ room, slug, isDirect: box.dataset.kind === "direct", socket, blocked });
  socket.on("ready", () => reading.resume());
  document.addEventListener("visibilitychange", () => scroller.keep(() => timeline.renameDays()));

  const form = /** @type {HTMLFormElement|null} */ (byId("composer"));
  if (form) {
    const send = async (content, extra) => {
      const { isBehind } = reading;
      outbox.add(room, content, extra);
      scroller.keep(() => timeline.divide(null));
      if (history.hasAfter) await history.loadLatest();
      scroller.toBottom();
      reading.skip(); // who writes has seen what they write below
      if (isBehind) reading.tellSeen();
    };
    const composer = equipComposer({ form, list, viewer, store, drafts, outbox, send, typing });
    list.addEventListener("message:reply", (event) => {
      const { id, name, text } = /** @type {CustomEvent} */ (event).detail;
      composer.reply({ id, name, text });
    });
  }
  return reading;
}

start();
