/** What changes for the person about the open room itself: its name and topic, and whether they may write. */

import { freshPage } from "../pages.js";
import { WORDS } from "../words.js";

/** @param {{room: string, url: string, socket: import("../models/socket.js").Socket}} parts */
export function followRoom({ room, url, socket }) {
  const reread = async () => {
    const page = await freshPage(url);
    const title = page?.querySelector(".bar-title");
    if (!page?.getElementById("timeline") || !title) return;
    document.querySelector(".bar-title").replaceWith(title);
    const isOpen = document.getElementById("composer") !== null;
    const silence = page.querySelector(".composer-bar");
    if (silence) (document.getElementById("composer") ?? document.querySelector(".composer-bar"))?.replaceWith(silence);
    else if (!isOpen) location.reload();
  };
  const close = () => {
    const words = document.createElement("p");
    const way = document.createElement("a");
    words.className = "composer-bar";
    way.href = "/rooms/";
    way.textContent = WORDS.browse;
    words.append(WORDS.removed, " ", way);
    (document.getElementById("composer") ?? document.querySelector(".composer-bar"))?.replaceWith(words);
  };

  const ifHere = (listener) => (frame) => {
    if (frame.room === room) listener(frame);
  };
  socket.on("room.changed", ifHere(reread));
  socket.on("member.changed", ifHere(reread));
  socket.on("room.removed", ifHere(close));
  socket.on("ready", ({ rooms }) => {
    if (!rooms.some((each) => each.id === room)) close();
  });
}
