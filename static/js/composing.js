/** Puts a composer together: the one of a room, and that of a thread. */

import { isBarred } from "./barred.js";
import { runComposer } from "./controllers/composer.js";
import { pickEmoji } from "./controllers/emoji-picker.js";
import { formatByKeys } from "./controllers/formatting.js";
import { askBeforeCalling, mentionSource } from "./controllers/mention.js";
import { keepPace } from "./controllers/pace.js";
import { runSending } from "./controllers/sending.js";
import { shortcodeSource } from "./controllers/shortcodes.js";
import { runSuggestions } from "./controllers/suggest.js";
import { NOTICES } from "./models/timeline.js";

/**
 * @param {Object} parts
 * @param {HTMLFormElement} parts.form
 * @param {HTMLElement} parts.list the messages beside it: who wrote there last is offered first
 * @param {string} parts.viewer
 * @param {import("./models/store.js").Store} parts.store
 * @param {import("./models/drafts.js").Drafts} parts.drafts
 * @param {import("./models/outbox.js").Outbox} parts.outbox
 * @param {(content: string, extra: import("./types.js").SendExtra) => void} parts.send
 * @param {(isTyping: boolean) => void} [parts.typing]
 * @param {AbortSignal} [parts.signal]
 */
export function equipComposer({ form, list, viewer, store, drafts, outbox, send, typing, signal }) {
  const composer = runComposer({ form, drafts, send, typing, signal });
  const { field, room } = composer;
  const writers = () => {
    const messages = /** @type {HTMLElement[]} */ ([...list.querySelectorAll(":scope > .message[data-sender]")]);
    const written = messages.filter((message) => !NOTICES.has(message.dataset.kind));
    return [...new Set(written.reverse().map((message) => message.dataset.sender))];
  };
  const mentions = isBarred("mention") ? [] : [mentionSource({ room, form, viewer, writers, store })];
  runSuggestions({ form, field, sources: [...mentions, shortcodeSource()] });
  formatByKeys(field);
  askBeforeCalling(composer);
  keepPace({ composer, outbox, signal });
  runSending(composer, { pickEmoji });
  return composer;
}
