/**
 * What can be done with a message, in one table for the toolbar, the menu and the keys: when each is
 * offered, and what it does. What the server allows is said by `data-may` of the timeline; to whom
 * a verb is closed wherever they are, by its name in `data-barred` of the page.
 *
 * Replying, forwarding and marking as unread are done by others, who listen to `message:reply`,
 * `message:forward` and `message:unread` of the document; `detail` is {message, id, number, name, text}.
 */

import { copy } from "../clipboard.js";
import { isBarred } from "../barred.js";
import { NOTICES } from "../models/timeline.js";
import { WORDS } from "../words.js";
import { confirmed } from "./confirm.js";
import { openPanel } from "./panel.js";
import { say } from "./toasts.js";

/**
 * @typedef {Object} Verb
 * @property {string} name
 * @property {string} icon
 * @property {(message: HTMLElement) => string} words
 * @property {boolean} [isDanger]
 * @property {(message: HTMLElement, room: RoomFacts) => boolean} [when]
 * @property {(message: HTMLElement, room: RoomFacts) => unknown} run
 *
 * @typedef {Object} RoomFacts
 * @property {string} id
 * @property {string} slug
 * @property {Set<string>} may
 * @property {number} editWindow  seconds; Infinity where there is no end
 */

/** The room that a message on the page is in. @param {HTMLElement} message @returns {RoomFacts} */
export function roomOf(message) {
  const box = /** @type {HTMLElement|null} */ (message.closest("[data-may]") ?? document.querySelector("[data-may]"));
  const { room = "", slug = "", may = "", editWindow } = box?.dataset ?? {};
  return { id: room, slug, may: new Set(may.split(" ")), editWindow: editWindow ? Number(editWindow) : Infinity };
}

const is = {
  mine: (message) => message.classList.contains("is-mine"),
  notice: (message) => NOTICES.has(message.dataset.kind),
  gone: (message) => message.dataset.deleted !== undefined,
  living: (message) => !is.gone(message) && !is.notice(message),
};

/**
 * @param {Object} parts
 * @param {import("../models/acts.js").Acts} parts.acts
 * @param {import("../models/own.js").Own} parts.own
 * @param {import("../models/blocked.js").Blocked} parts.blocked
 * @param {(message: HTMLElement) => void} parts.block asks for a reason
 * @param {(message: HTMLElement) => unknown} parts.unblock
 * @param {(message: HTMLElement) => void} parts.edit opens the editor in a message
 * @param {(message: HTMLElement) => void} parts.save asks for a note
 * @returns {Verb[]} in the order of the menu; an empty name is a line between them
 */
export function verbsOf({ acts, own, blocked, edit, save, block, unblock }) {
  const line = { name: "", icon: "", words: () => "", run: () => {} };
  return [
    {
      name: "reply",
      icon: "reply",
      words: () => WORDS.reply,
      when: (message, { may }) => may.has("write") && may.has("reply") && is.living(message),
      run: (message) => tell("message:reply", message),
    },
    {
      name: "thread",
      icon: "thread",
      words: (message) => (message.querySelector(".thread-chip") ? WORDS.openThread : WORDS.replyInThread),
      when: (message, { may }) => {
        if (is.notice(message) || isInPanel(message)) return false;
        return message.dataset.thread !== undefined || message.querySelector(".thread-chip") !== null || may.has("reply");
      },
      run: (message) => openThread(message, acts),
    },
    line,
    {
      name: "edit",
      icon: "pencil",
      words: () => WORDS.edit,
      when: (message, room) => is.mine(message) && is.living(message) && room.may.has("edit_own") && isInTime(message, room),
      run: edit,
    },
    {
      name: "copyText",
      icon: "copy",
      words: () => WORDS.copyText,
      when: (message) => is.living(message),
      run: (message) => copy(message.querySelector(".content").innerText, WORDS.textCopied),
    },
    {
      name: "copyLink",
      icon: "link",
      words: () => WORDS.copyLink,
      run: (message, { slug }) => copy(`${location.origin}/r/${slug}/${message.dataset.number}/`, WORDS.linkCopied),
    },
    {
      name: "forward",
      icon: "forward",
      words: () => WORDS.forward,
      when: (message) => is.living(message) && message.dataset.poll === undefined,
      run: (message) => tell("message:forward", message),
    },
    {
      name: "save",
      icon: "bookmark",
      words: (message) => (own.of(message.dataset.id).saved ? WORDS.unsave : WORDS.save),
      when: (message) => own.of(message.dataset.id).saved || is.living(message),
      run: async (message) => {
        const { id } = message.dataset;
        if (!own.of(id).saved) return save(message);
        await acts.unsave(id);
        own.save(id, false);
        say(WORDS.unsaved);
      },
    },
    {
      name: "pin",
      icon: "pin",
      words: (message) => (message.dataset.pinned === undefined ? WORDS.pin : WORDS.unpin),
      when: (message, { may }) => may.has("pin") && is.living(message),
      run: (message) => acts.pin(message.dataset.id, message.dataset.pinned === undefined),
    },
    {
      name: "unread",
      icon: "unread",
      words: () => WORDS.markUnread,
      when: (message) => !isInPanel(message) && message.dataset.threadOnly === undefined,
      run: (message) => tell("message:unread", message),
    },
    line,
    {
      name: "reactors",
      icon: "smile",
      words: () => WORDS.whoReacted,
      when: (message) => message.querySelector(".reaction") !== null,
      run: (message) => openPanel(`/m/${message.dataset.id}/reactions/`, WORDS.whoReacted),
    },
    {
      name: "receipts",
      icon: "seen",
      words: () => WORDS.seenBy,
      when: (message) => is.living(message),
      run: (message) => openPanel(`/m/${message.dataset.id}/receipts/`, WORDS.seenBy),
    },
    {
      name: "history",
      icon: "clock",
      words: () => WORDS.history,
      when: (message, { may }) => {
        return message.dataset.edited !== undefined && is.living(message) && (is.mine(message) || may.has("see_revisions"));
      },
      run: (message) => openPanel(`/m/${message.dataset.id}/revisions/`, WORDS.history),
    },
    {
      name: "closePoll",
      icon: "poll",
      words: () => WORDS.closePoll,
      when: (message, { may }) => {
        return message.querySelector(".poll:not(.is-over)") !== null && (is.mine(message) || may.has("delete_others"));
      },
      run: (message) => acts.closePoll(message.dataset.id),
    },
    line,
    {
      name: "block",
      icon: "block",
      words: (message) => (blocked.has(message.dataset.sender) ? WORDS.unblock : WORDS.block),
      when: (message) => !is.mine(message) && !is.notice(message) && Boolean(message.dataset.sender),
      run: (message) => (blocked.has(message.dataset.sender) ? unblock(message) : block(message)),
    },
    {
      name: "delete",
      icon: "trash",
      words: () => WORDS.delete,
      isDanger: true,
      when: (message, { may }) => is.living(message) && may.has(is.mine(message) ? "delete_own" : "delete_others"),
      run: async (message) => {
        const question = { title: WORDS.deleteTitle, words: WORDS.deleteWords, action: WORDS.delete };
        if (await confirmed({ ...question, shown: excerpt(message) })) await acts.remove(message.dataset.id);
      },
    },
  ];
}

/** Whether a verb is offered for a message. @param {Verb} verb @param {HTMLElement} message */
export function offers(verb, message) {
  return message.dataset.id !== undefined && !isBarred(verb.name) && (verb.when?.(message, roomOf(message)) ?? true);
}

/** Do it; a refusal is said. @param {Verb} verb @param {HTMLElement} message */
export async function perform(verb, message) {
  await attempt(() => verb.run(message, roomOf(message)));
}

/** Run what may be refused, and say why it was. @param {() => unknown} work @returns {Promise<boolean>} whether it was done */
export async function attempt(work) {
  try {
    await work();
    return true;
  } catch (error) {
    if (error.name !== "CommandError") throw error;
    say(WORDS.notDone(error.message));
    return false;
  }
}

/**
 * Open the thread that a message is the root of, or stands in.
 * @param {HTMLElement} message
 * @param {import("../models/acts.js").Acts} acts
 */
export async function openThread(message, acts) {
  const { slug } = roomOf(message);
  const root = message.dataset.thread;
  const shown = root ? document.querySelector(`.messages > .message[data-id="${root}"]`) : message;
  const number = /** @type {HTMLElement|null} */ (shown)?.dataset.number ?? (await acts.read(root)).number;
  openPanel(`/r/${slug}/thread/${number}/`, WORDS.thread);
}

/** Ask others to do something with a message. */
function tell(name, message) {
  const detail = {
    message,
    id: message.dataset.id,
    number: Number(message.dataset.number),
    name: authorOf(message),
    text: message.querySelector(".content")?.innerText ?? "",
  };
  message.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
}

/** Who wrote a message: a grouped one shows its name too, though it is not seen. */
const authorOf = (message) => message.querySelector(".message-author")?.textContent ?? "";

function isInPanel(message) {
  return message.closest("#panel, .panel-page") !== null;
}

function isInTime(message, { editWindow }) {
  return Date.now() - new Date(message.dataset.at).getTime() < editWindow * 1000;
}

/** The beginning of a message, for a question about it. */
function excerpt(message) {
  const quote = document.createElement("blockquote");
  const name = document.createElement("b");
  const text = document.createElement("span");
  quote.className = "dialog-quote";
  name.textContent = authorOf(message);
  text.textContent = message.querySelector(".content")?.innerText ?? "";
  text.dir = "auto";
  quote.append(name, text);
  return quote;
}
