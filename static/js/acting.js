/** Puts together what can be done with messages, wherever on the page they are: room or thread. */

import { isBarred } from "./barred.js";
import { blockAuthor, unblockAuthor } from "./controllers/contacts.js";
import { runEditing } from "./controllers/editing.js";
import { jumpToDates } from "./controllers/jump-date.js";
import { followMarks } from "./controllers/marks.js";
import { followMessageKeys } from "./controllers/message-keys.js";
import { runMessagePanels } from "./controllers/message-panels.js";
import { runMessageMenu } from "./controllers/message-menu.js";
import { showTools } from "./controllers/message-tools.js";
import { verbsOf } from "./controllers/message-verbs.js";
import { runPolls } from "./controllers/polls-card.js";
import { runPreviews } from "./controllers/previews.js";
import { runReactions } from "./controllers/reactions.js";
import { runSaving } from "./controllers/saving.js";
import { runSwipes } from "./controllers/swipe.js";
import { Acts } from "./models/acts.js";

/**
 * @param {Object} parts
 * @param {import("./models/socket.js").Socket} parts.socket
 * @param {import("./models/store.js").Store} parts.store
 * @param {import("./models/own.js").Own} parts.own
 * @param {import("./models/blocked.js").Blocked} parts.blocked
 */
export function actOnMessages({ socket, store, own, blocked }) {
  const acts = new Acts(socket);
  const { toggle, pick, quick } = runReactions({ acts, own, store });
  const edit = runEditing({ acts });
  const save = runSaving({ acts, own, socket });
  const verbs = verbsOf({ acts, own, blocked, edit, save, block: blockAuthor, unblock: unblockAuthor });
  const openMenu = runMessageMenu({ verbs, quick, react: toggle, pick });
  showTools({ verbs, quick, react: toggle, pick, openMenu });
  followMessageKeys({ verbs, pick, openMenu });
  runSwipes({ verbs });
  if (!isBarred("vote")) runPolls({ acts, own, socket });
  if (!isBarred("preview")) runPreviews({ acts });
  runMessagePanels({ socket });
  followMarks({ acts, verbs });
  jumpToDates();
}
