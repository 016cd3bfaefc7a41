/**
 * Where one writes, in a room or in a thread of it, makes way for the reason why one cannot any more, and
 * comes back. What the reason is, the server's page says.
 */

import { WORDS } from "../words.js";

const PLACE = ".composer, .composer-bar";

/**
 * Take over from a newer form of the page whether one can write.
 * @param {ParentNode} shown holds the composer
 * @param {ParentNode} fresh
 * @param {() => void} again begins anew where they may write again
 */
export function heedSilence(shown, fresh, again) {
  const place = shown.querySelector(PLACE);
  const silence = fresh.querySelector(".composer-bar");
  if (silence) place?.replaceWith(silence);
  else if (place?.matches(".composer-bar") && fresh.querySelector(PLACE)) again();
}

/** Say in the composer's place that the room is not theirs any more. @param {ParentNode} shown */
export function closeComposer(shown) {
  const words = document.createElement("p");
  const way = document.createElement("a");
  words.className = "composer-bar";
  way.href = "/rooms/";
  way.textContent = WORDS.browse;
  words.append(WORDS.removed, " ", way);
  shown.querySelector(PLACE)?.replaceWith(words);
}
