/** Who is writing in the open room, and telling the others that this person is. */

import { WORDS } from "../words.js";

const SAY_EVERY_MS = 3_000;
const FORGET_AFTER_MS = 6_000; // two that were said and did not arrive

/**
 * @param {Object} parts
 * @param {HTMLElement} parts.line
 * @param {string} parts.room
 * @param {string} parts.viewer
 * @param {import("../models/socket.js").Socket} parts.socket
 * @returns {(isTyping: boolean) => void} what the composer tells of itself
 */
export function showTyping({ line, room, viewer, socket }) {
  /** @type {Map<string, {name: string, timer: number}>} */
  const people = new Map();
  const write = () => {
    line.textContent = people.size ? WORDS.typing([...people.values()].map((person) => person.name)) : "";
  };
  const forget = (id) => {
    clearTimeout(people.get(id)?.timer);
    if (people.delete(id)) write();
  };
  const hear = (user) => {
    clearTimeout(people.get(user.id)?.timer);
    people.set(user.id, { name: user.display_name, timer: setTimeout(() => forget(user.id), FORGET_AFTER_MS) });
    write();
  };
  socket.on("typing", ({ room: where, user, on }) => {
    if (where !== room || user.id === viewer) return;
    if (on) hear(user);
    else forget(user.id);
  });
  socket.on("viewing", ({ room: where, typing }) => {
    if (where === room) typing.forEach(hear);
  });
  socket.on("message.created", (frame) => {
    if (frame.room === room && frame.data.sender) forget(frame.data.sender.id);
  });
  socket.on("ready", () => {
    people.forEach((_, id) => forget(id));
    socket.notify({ type: "view", room });
  });

  let saidAt = 0;
  return (isTyping) => {
    if (isTyping && Date.now() - saidAt < SAY_EVERY_MS) return;
    if (!isTyping && saidAt === 0) return;
    saidAt = isTyping ? Date.now() : 0;
    socket.notify({ type: "typing", room, on: isTyping });
  };
}
