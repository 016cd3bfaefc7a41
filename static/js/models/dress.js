/**
 * What a message shows of its reader: whose it is, words and times, the reader's own reactions and
 * votes. The fragment that the server has rendered is the same for everybody and has none of it.
 */

import { clockTime, dayName, fullTime, untilWords } from "../dates.js";
import { foldBlocked } from "./blocked.js";
import { LABELS, NAMES, WORDS, eventWords } from "../words.js";

/**
 * @typedef {Object} Reader
 * @property {string} id
 * @property {import("./own.js").Own} own
 * @property {import("./threads.js").Threads|null} [threads]
 * @property {import("./blocked.js").Blocked|null} [blocked]
 */

/** Add what depends on the reader. Doing it twice changes nothing. @param {HTMLElement} message @param {Reader} reader */
export function dress(message, reader) {
  const { sender, mentions = "" } = message.dataset;
  message.classList.toggle("is-mine", sender === reader.id);
  message.classList.toggle("is-calling", sender !== reader.id && callsReader(mentions.split(" "), reader.id));
  for (const time of message.querySelectorAll("time")) {
    const date = new Date(time.dateTime);
    const clock = clockTime(date);
    time.textContent = time.dataset.day === undefined ? clock : WORDS.dayAndTime(dayName(date), clock);
    time.title = fullTime(date);
  }
  for (const label of message.querySelectorAll("[data-label]")) label.textContent = wordsOf(label);
  for (const named of message.querySelectorAll("[data-name]")) {
    named.setAttribute("aria-label", NAMES[named.dataset.name]);
    if (named.matches("button")) named.title = NAMES[named.dataset.name];
  }
  for (const mention of message.querySelectorAll(".mention")) {
    mention.classList.toggle("is-me", callsReader([mention.dataset.user ?? mention.dataset.mention], reader.id));
  }
  if (reader.blocked) foldBlocked(message, reader.blocked);
  const { by, kind, what } = message.dataset;
  if (by) message.querySelector("[data-label]").textContent = kind === "join" ? LABELS.added : LABELS.removed;
  if (what) message.querySelector("[data-label]").textContent = eventWords(what);
  dressOwn(message, reader);
}

/** Show again what the reader has done with a message themselves, and has to read in its thread. @param {HTMLElement} message @param {Reader} reader */
export function dressOwn(message, reader) {
  const { reactions, votes, saved } = reader.own.of(message.dataset.id ?? "");
  message.classList.toggle("is-saved", saved);
  for (const chip of message.querySelectorAll(".reaction")) {
    const isMine = reactions.includes(chip.dataset.emoji);
    chip.setAttribute("aria-pressed", String(isMine));
    chip.setAttribute("aria-label", WORDS.reacted(chip.dataset.emoji, Number(chip.dataset.count), isMine));
  }
  for (const option of message.querySelectorAll(".poll-option")) {
    option.setAttribute("aria-pressed", String(votes.includes(Number(option.dataset.option))));
  }
  const unread = reader.threads?.unreadOf(message.dataset.id ?? "") ?? 0;
  message.querySelector(".thread-chip")?.classList.toggle("has-unread", unread > 0);
  const poll = message.querySelector(".poll");
  if (poll) dressPoll(poll, votes.length > 0);
}

/** When a poll ends, and whether one can still vote. @param {HTMLElement} poll @param {boolean} hasVoted */
function dressPoll(poll, hasVoted) {
  const { closesAt, closed } = poll.dataset;
  const isOver = closed !== undefined || (closesAt !== undefined && new Date(closesAt) <= new Date());
  poll.classList.toggle("is-over", isOver);
  poll.classList.toggle("has-voted", hasVoted);
  const line = poll.querySelector(".poll-closes");
  if (line) line.textContent = isOver ? LABELS.pollClosed : untilWords(new Date(closesAt));
  for (const option of poll.querySelectorAll(".poll-option")) option.disabled = isOver;
}

/** The words for a `[data-label]` element; some speak of its `data-count`. @param {HTMLElement} label */
export function wordsOf(label) {
  const words = LABELS[label.dataset.label] ?? "";
  return typeof words === "function" ? words(Number(label.dataset.count)) : words;
}

/** Whether one of these, ids or the words for everybody, means the reader. */
function callsReader(mentioned, id) {
  return mentioned.some((each) => each === id || each === "room" || each === "here");
}
