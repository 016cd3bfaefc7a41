/** Voting in a poll where it stands: shown at once, then as the server counts it. */

import { setPoll } from "../models/parts.js";
import { attempt } from "./message-verbs.js";

/**
 * @param {Object} parts
 * @param {import("../models/acts.js").Acts} parts.acts
 * @param {import("../models/own.js").Own} parts.own
 * @param {import("../models/socket.js").Socket} parts.socket
 */
export function runPolls({ acts, own, socket }) {
  document.addEventListener("click", async (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const option = /** @type {HTMLElement|null} */ (target.closest?.(".messages .poll-option"));
    const message = option?.closest(".message");
    if (!option || !message) return;
    const { id = "" } = message.dataset;
    const before = [...own.of(id).votes];
    const isMultiple = option.closest(".poll").dataset.multiple !== undefined;
    const votes = changed(before, Number(option.dataset.option), isMultiple);
    guess(message, before, votes);
    own.vote(id, votes);
    const isDone = await attempt(async () => {
      const ballot = await acts.vote(id, votes);
      own.vote(id, ballot.options);
      setPoll(message, ballot.poll);
    });
    if (isDone) return;
    guess(message, votes, before);
    own.vote(id, before);
  });
  socket.on("voted", ({ message, options }) => own.vote(message, options)); // on another device
}

/** The votes after a press on an option: the one pressed again is taken back. */
function changed(votes, option, isMultiple) {
  if (votes.includes(option)) return votes.filter((each) => each !== option);
  return isMultiple ? [...votes, option].sort((one, other) => one - other) : [option];
}

/** Count one's own vote before the server has. */
function guess(message, before, votes) {
  const shown = [...message.querySelectorAll(".poll-option")];
  const counts = shown.map((option) => Number(option.querySelector(".poll-count").textContent));
  const voters = Number(message.querySelector(".poll").dataset.voters);
  const move = (index) => Number(votes.includes(index)) - Number(before.includes(index));
  setPoll(message, {
    options: counts.map((count, index) => ({ count: count + move(index) })),
    voters: voters + Number(votes.length > 0) - Number(before.length > 0),
  });
}
