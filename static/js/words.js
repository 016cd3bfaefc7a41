/** The words that the client adds to pages and fragments, in one place for translators. */

/** What fills the `[data-label]` elements of a message, by their key. */
export const LABELS = {
  join: "joined",
  leave: "left",
  deleted: "This message was deleted.",
  edited: "(edited)",
  nobody: "Deleted account",
};

export const WORDS = {
  today: "Today",
  yesterday: "Yesterday",
  newMessages: "New",
  loadFailed: "These messages could not be loaded.",
  loadAgain: "Try again",
  notSent: "Not sent.",
  over: (/** @type {number} */ count) => `${count} over the limit`,
  left: (/** @type {number} */ count) => `${count} left`,
  reconnecting: "Reconnecting…",
  offline: (/** @type {number} */ seconds) => `Not connected. Next try in ${seconds} s.`,
  offlineSpoken: "Not connected. What you send goes out once the connection is back.",
  tryNow: "Try now",
  replaced: "You are signed in somewhere newer.",
  useHere: "Use this window",
  foreignOrigin: "The server does not accept this address. Open the chat at its usual address.",
  signedOut: "You have been signed out.",
  signIn: "Sign in",
  removed: "You are no longer a member of this room.",
  browse: "Browse rooms",
  typing: (/** @type {string[]} */ names) => {
    if (names.length === 1) return `${names[0]} is typing…`;
    if (names.length === 2) return `${names[0]} and ${names[1]} are typing…`;
    return "Several people are typing…";
  },
  spoken: (/** @type {string} */ name, /** @type {string} */ text) => `${name}: ${text}`,
  switcher: "Go to a room",
  switcherHint: "Find a room or a person",
  switcherNothing: "No room of yours has that name.",
  dayAndTime: (/** @type {string} */ day, /** @type {string} */ time) => `${day}, ${time}`,
  panelFailed: "This could not be loaded.",
  panelGone: "This is no longer here.",
  moreFailed: "Could not be loaded. Try again",
  moreAbove: "New messages above",
  moreBelow: "New messages below",
  unreadCount: (/** @type {number} */ count) => (count === 1 ? "1 new message" : `${count} new messages`),
};
