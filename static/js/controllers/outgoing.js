/** What the person sends, shown at once: on its way, failed with its two buttons, or stored. */

import { WORDS } from "../words.js";

/**
 * @param {Object} parts
 * @param {string} parts.room
 * @param {string|null} [parts.thread] the root of the thread that the list shows
 * @param {() => HTMLElement|null} [parts.field] takes the focus from a button that goes away
 * @param {HTMLElement} parts.list
 * @param {import("../models/outbox.js").Outbox} parts.outbox
 * @param {import("../models/timeline.js").Timeline} parts.timeline
 * @param {import("../models/history.js").History} parts.history
 * @param {import("../models/scroll.js").Scroller} parts.scroller
 * @param {HTMLTemplateElement} [parts.template] what an optimistic message is made of
 * @param {AbortSignal} [parts.signal]
 */
export function showOutgoing({ room, thread = null, field, list, outbox, timeline, history, scroller, template, signal }) {
  const blank = template ?? /** @type {HTMLTemplateElement} */ (document.getElementById("message-template"));
  const isHere = (entry) => entry.room === room && (entry.fields?.thread ?? null) === thread;
  /** @param {import("../types.js").OutboxEntry} entry */
  const show = (entry) => {
    if (!isHere(entry)) return;
    scroller.keep(() => {
      if (!timeline.shows(entry.client_id)) timeline.putPending(optimistic(entry, blank));
      const message = timeline.pending(entry.client_id);
      if (message) mark(message, entry);
    });
  };
  const showAll = () => outbox.entries(room).forEach(show);

  outbox.on("queued", show, { signal });
  outbox.on("failed", show, { signal });
  outbox.on("sent", ({ message }) => scroller.keep(() => timeline.confirm(message)), { signal });
  outbox.on("discarded", (entry) => scroller.keep(() => timeline.dropPending(entry.client_id)), { signal });
  history.on("loaded", () => {
    if (!history.hasAfter) showAll();
  });
  if (!history.hasAfter) showAll();

  list.addEventListener("click", (event) => {
    const button = /** @type {HTMLElement} */ (event.target).closest(".failed-actions button");
    const clientId = button?.closest(".message")?.id.slice("m-".length);
    if (!button || !clientId) return;
    field?.()?.focus({ preventScroll: true }); // the button goes away
    if (button.classList.contains("retry")) outbox.retry(clientId);
    else outbox.discard(clientId);
  });
}

/** A message as it will look, out of the template that the server's own ones are made of. */
function optimistic(entry, template) {
  const message = /** @type {HTMLElement} */ (template.content.cloneNode(true).querySelector(".message"));
  const at = new Date(entry.at).toISOString();
  message.id = `m-${entry.client_id}`;
  message.dataset.at = at;
  for (const name of ["id", "number", "seq"]) delete message.dataset[name];
  for (const time of message.querySelectorAll("time")) time.dateTime = at;
  message.querySelector(".message-time")?.removeAttribute("href");
  const content = message.querySelector(".content");
  content.textContent = entry.content;
  if (entry.quote) {
    const [quote, name] = [document.createElement("span"), document.createElement("b")];
    quote.className = "reply-to";
    name.textContent = entry.quote.name;
    quote.append(name, " ", entry.quote.text);
    content.before(quote);
  }
  return message;
}

/** Show the state of an entry on its message. */
function mark(message, entry) {
  const hasFailed = entry.state === "failed";
  message.classList.toggle("is-pending", !hasFailed);
  message.classList.toggle("is-failed", hasFailed);
  message.querySelector(".failed-actions")?.remove();
  if (!hasFailed) return;
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById("failed-actions"));
  const actions = template.content.cloneNode(true);
  actions.querySelector("[data-reason]").textContent = `${WORDS.notSent} ${entry.reason ?? ""}`.trim();
  message.querySelector(".message-body").append(actions);
}
