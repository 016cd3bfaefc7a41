/** What `:` offers: emoji by their names, out of the picker's own data, which is read at the first colon. */

import { textIn } from "../people.js";
import { WORDS } from "../words.js";

const PATTERN = /(?:^|[^\p{L}\p{N}_:/]):([\p{L}\p{N}_+-]{2,40})$/u;
const SHOWN = 8;
const VENDOR = new URL("../../vendor/emoji-picker-element/", import.meta.url);

/** @type {Promise<any>|null} */
let database = null;

/** @returns {import("./suggest.js").Source} */
export function shortcodeSource() {
  return {
    pattern: PATTERN,
    label: WORDS.emojiNames,
    async *find(query) {
      const emoji = await search(query.toLowerCase());
      yield emoji.map(({ unicode, shortcodes }) => {
        const code = shortcodes.find((each) => each.startsWith(query.toLowerCase())) ?? shortcodes[0];
        return {
          key: unicode,
          insert: unicode,
          content: [textIn("span", "suggestion-sign", unicode), textIn("span", "", `:${code}:`)],
        };
      });
    },
  };
}

/** Emoji whose names begin so, those with a name that begins exactly so first. */
async function search(query) {
  database ??= import(new URL("database.js", VENDOR).href).then(
    ({ default: Database }) => new Database({ dataSource: new URL("data.json", VENDOR).href, locale: "en" }),
  );
  const found = await (await database).getEmojiBySearchQuery(query.replaceAll("_", " "));
  const rank = ({ shortcodes = [] }) => {
    if (shortcodes.includes(query)) return 0;
    return shortcodes.some((code) => code.startsWith(query)) ? 1 : 2;
  };
  return found
    .filter(({ shortcodes }) => shortcodes?.length)
    .sort((one, other) => rank(one) - rank(other))
    .slice(0, SHOWN);
}
