/** The words that the client adds to pages and fragments, in one place for translators. */

/** What fills the `[data-label]` elements of a message, by their key. */
export const LABELS = {
  join: "joined",
  leave: "left",
  deleted: "This message was deleted.",
  edited: "(edited)",
  nobody: "[Deleted user]",
  pinned: "Pinned",
  silent: "Silent",
  inThread: "In a thread",
  forwarded: "Forwarded from",
  originalDeleted: "The original message was deleted.",
  replies: (/** @type {number} */ count) => (count === 1 ? "1 reply" : `${count} replies`),
  voters: (/** @type {number} */ count) => (count === 1 ? "1 vote" : `${count} votes`),
  multiple: "Several answers possible",
  anonymous: "Votes are anonymous",
  pollClosed: "Closed",
};

/** The names of `[data-name]` elements, for those who do not see them and for who points at them. */
export const NAMES = {
  reactions: "Reactions",
  dismissPreview: "Remove this preview for everybody",
};

/** What a system message tells, by `what` of its metadata. */
const EVENTS = {
  renamed: ({ name }) => `renamed the room to ${name}`,
  topic: ({ topic }) => (topic ? `set the topic: ${topic}` : "removed the topic"),
  role: ({ user, role }) => `made ${user} ${ROLES[role] ?? role}`,
  archived: () => "archived the room",
  unarchived: () => "opened the room again",
};
const ROLES = { member: "a member", moderator: "a moderator", admin: "an admin", owner: "the owner" };

/** @param {string} json the metadata of a system message */
export function eventWords(json) {
  const facts = JSON.parse(json);
  return EVENTS[facts.what]?.(facts) ?? "";
}

/** Names as a sentence has them; of many the first two and a number. @param {string[]} names */
export function listed(names) {
  if (names.length <= 1) return names.join("");
  if (names.length <= 3) return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  return `${names[0]}, ${names[1]} and ${names.length - 2} others`;
}

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
  joined: (/** @type {string[]} */ names) => `${listed(names)} joined`,
  wentAway: (/** @type {string[]} */ names) => `${listed(names)} left`,
  reacted: (/** @type {string} */ emoji, /** @type {number} */ count, /** @type {boolean} */ isMine) =>
    `${emoji} ${count}${isMine ? ", you among them" : ""}`,
  reactedBy: (/** @type {string[]} */ names, /** @type {string} */ emoji) => `${listed(names)} reacted with ${emoji}`,
  you: "You",
  messageActions: "Message actions",
  reactWith: (/** @type {string} */ emoji) => `React with ${emoji}`,
  addReaction: "Add a reaction",
  reply: "Reply",
  openThread: "Open thread",
  replyInThread: "Reply in thread",
  more: "More",
  edit: "Edit",
  delete: "Delete",
  pin: "Pin to the room",
  unpin: "Unpin",
  save: "Save for later",
  unsave: "Remove from saved",
  forward: "Forward",
  copyLink: "Copy link",
  copyText: "Copy text",
  markUnread: "Mark unread from here",
  history: "Edit history",
  whoReacted: "Who reacted",
  seenBy: "Seen by",
  closePoll: "Close the poll",
  linkCopied: "Link copied",
  textCopied: "Text copied",
  notCopied: "The browser does not allow copying here.",
  saved: "Saved",
  unsaved: "Removed from saved",
  notDone: (/** @type {string} */ why) => `That did not work. ${why}`,
  deleteTitle: "Delete this message?",
  deleteWords: "It goes for everybody in the room, and cannot be brought back.",
  cancel: "Cancel",
  saveNote: "Note (only you see it)",
  saveButton: "Save",
  editing: "Edit the message",
  editHint: "Enter saves, Escape cancels",
  editedMeanwhile: "This message was edited meanwhile. Saving again replaces that edit.",
  editEmpty: "A message needs some text. To remove it, delete it.",
  emojiPicker: "Emoji",
  forwardTitle: "Forward to",
  forwardFind: "Find a room or a person",
  forwardComment: "Add a comment",
  forwardButton: "Forward",
  forwarded: (/** @type {number} */ count) => (count === 1 ? "Forwarded" : `Forwarded to ${count} rooms`),
  jumpToDate: "Jump to a date",
  closesAt: (/** @type {string} */ when) => `Closes ${when}`,
  unreadCount: (/** @type {number} */ count) => (count === 1 ? "1 new message" : `${count} new messages`),
};
