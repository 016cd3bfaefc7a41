/** The words that the client adds to pages and fragments, in one place for translators. */

/** What fills the `[data-label]` elements of a message, by their key. */
export const LABELS = {
  join: "joined",
  leave: "left",
  added: "was added",
  removed: "was removed",
  deleted: "This message was deleted.",
  edited: "(edited)",
  nobody: "[Deleted user]",
  pinned: "Pinned",
  silent: "Silent",
  inThread: "In a thread",
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
  spoiler: "Hidden text. Show it",
};

/** What a system message tells, by `what` of its metadata. */
const EVENTS = {
  renamed: ({ name }) => `renamed the room to ${name}`,
  topic: ({ topic }) => (topic ? `set the topic: ${topic}` : "removed the topic"),
  role: ({ user, role }) => `made ${user} ${ROLES[role] ?? role}`,
  retention: ({ seconds }) =>
    seconds ? `set messages here to disappear after ${spanOf(seconds)}` : "set messages here to stay",
  picture: ({ removed }) => (removed ? "removed the room’s picture" : "changed the room’s picture"),
  archived: () => "archived the room",
  unarchived: () => "opened the room again",
};
const ROLES = { member: "a member", moderator: "a moderator", admin: "an admin", owner: "the owner" };

/** @param {string} json the metadata of a system message */
export function eventWords(json) {
  const facts = JSON.parse(json);
  return EVENTS[facts.what]?.(facts) ?? "";
}

/**
 * Names as a sentence has them; of many the first two and a number.
 * @param {string[]} names
 * @param {number} [total] how many there are, where not all are named
 */
export function listed(names, total = names.length) {
  if (total > 3 || total > names.length) {
    const shown = names.slice(0, 2);
    const others = total - shown.length;
    return `${shown.join(", ")} and ${others === 1 ? "1 other" : `${others} others`}`;
  }
  return names.length <= 1 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

const shortMoment = new Intl.DateTimeFormat(undefined, { weekday: "short", hour: "numeric", minute: "2-digit" });

/** A duration in words. @param {number} seconds */
function spanOf(seconds) {
  if (seconds >= 86_400 && seconds % 86_400 === 0) return seconds === 86_400 ? "1 day" : `${seconds / 86_400} days`;
  if (seconds >= 3_600 && seconds % 3_600 === 0) return seconds === 3_600 ? "1 hour" : `${seconds / 3_600} hours`;
  if (seconds >= 60 && seconds % 60 === 0) return seconds === 60 ? "1 minute" : `${seconds / 60} minutes`;
  return seconds === 1 ? "1 second" : `${seconds} seconds`;
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
  until: (/** @type {string} */ day, /** @type {string} */ time, /** @type {boolean} */ isToday) =>
    isToday ? `until ${time}` : `until ${day}, ${time}`,
  dayAndTime: (/** @type {string} */ day, /** @type {string} */ time) => `${day}, ${time}`,
  send: "Send",
  replyingTo: (/** @type {string} */ name) => (name ? `Replying to ${name}` : "Replying"),
  search: "Search",
  searchFilters: {
    from: "who wrote it",
    in: "which room",
    before: "a date",
    after: "a date",
    on: "a date",
    has: "link, file, image or poll",
    is: "pinned",
    mentions: "who is mentioned",
  },
  suggestions: (/** @type {number} */ count) => (count === 1 ? "1 suggestion" : `${count} suggestions`),
  mentionWhom: "Whom to mention",
  emojiNames: "Emoji",
  callRoom: (/** @type {number} */ count) => `everybody in this room, ${count} people`,
  callHere: "everybody who is here now",
  callsMany: (/** @type {string} */ word, /** @type {number} */ count) =>
    word === "here"
      ? `@here notifies everybody of the room’s ${count} members who is here now.`
      : `@room notifies all ${count} members of this room.`,
  shortWait: (/** @type {number} */ seconds) => (seconds < 100 ? `${seconds}` : `${Math.ceil(seconds / 60)} min`),
  sendIn: (/** @type {number} */ seconds) => `Send, in ${seconds} seconds`,
  slowMode: (/** @type {number} */ seconds) =>
    `This room is in slow mode: one message in ${spanOf(seconds)}. What you have written stays here.`,
  atTime: (/** @type {Date} */ date) => shortMoment.format(date),
  writeFirst: "Write the message first.",
  scheduled: (/** @type {string} */ when) => `It will be sent on ${when}.`,
  notSentLater: (/** @type {string} */ problem) => `A scheduled message was not sent. ${problem}`,
  chooseTime: "Choose a day and a time.",
  timeToCome: "Choose a time to come.",
  option: (/** @type {number} */ number) => `Option ${number}`,
  dropOption: (/** @type {number} */ number) => `Take option ${number} out`,
  pollNeedsQuestion: "Write a question.",
  pollNeedsOptions: "A poll has at least two options.",
  pollSameOptions: "Two of the options are the same.",
  tooManyRooms: (/** @type {number} */ most) => `Choose up to ${most} rooms at once.`,
  forwarded: (/** @type {number} */ count) => (count === 1 ? "Forwarded." : `Forwarded to ${count} rooms.`),
  panelFailed: "This could not be loaded.",
  notSaved: "This could not be saved. What you have entered is still here.",
  panelGone: "This is no longer here.",
  moreFailed: "Could not be loaded. Try again",
  moreAbove: "New messages above",
  moreBelow: "New messages below",
  joined: (/** @type {string[]} */ names) => `${listed(names)} joined`,
  wentAway: (/** @type {string[]} */ names) => `${listed(names)} left`,
  wereRemoved: (/** @type {string[]} */ names) => `${listed(names)} ${names.length === 1 ? "was" : "were"} removed`,
  reacted: (/** @type {string} */ emoji, /** @type {number} */ count, /** @type {boolean} */ isMine) =>
    `${emoji} ${count}${isMine ? ", you among them" : ""}`,
  reactedBy: (/** @type {string} */ names, /** @type {string} */ emoji) => `${names} reacted with ${emoji}`,
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
  seenBySome: (/** @type {number} */ count, /** @type {number} */ all) => `Seen by ${count} of ${all}`,
  seenByAll: "Seen by everybody",
  sending: "On its way",
  sent: "Sent",
  delivered: "Delivered",
  read: "Read",
  closePoll: "Close the poll",
  linkCopied: "Link copied",
  tokenCopied: "The token is copied.",
  textCopied: "Text copied",
  copyCode: "Copy this code",
  codeCopied: "Code copied",
  hiddenText: "hidden text",
  notCopied: "The browser does not allow copying here.",
  saved: "Saved",
  unsaved: "Removed from saved",
  notDone: (/** @type {string} */ why) => `That did not work. ${why}`,
  deleteTitle: "Delete this message?",
  deleteWords: "It goes for everybody in the room, and cannot be brought back.",
  blockedMessage: "Message from someone you blocked",
  show: "Show",
  hide: "Hide",
  block: "Block this person …",
  unblock: "Unblock this person",
  blockTitle: (/** @type {string} */ name) => `Block ${name}?`,
  blocked: (/** @type {string} */ name) => `${name} is blocked.`,
  unblocked: (/** @type {string} */ name) => `${name} is no longer blocked.`,
  cancel: "Cancel",
  thread: "Thread",
  saveEdit: "Save",
  editing: "Edit the message",
  editHint: "Enter saves, Escape cancels",
  editedMeanwhile: "This message was edited meanwhile. Saving again replaces that edit.",
  editEmpty: "A message needs some text. To remove it, delete it.",
  emojiPicker: "Emoji",
  jumpToDate: "Jump to a date",
  closesAt: (/** @type {string} */ when) => `Closes ${when}`,
  chooseEmoji: "Choose an emoji",
  changeEmoji: (/** @type {string} */ emoji) => `Choose another emoji than ${emoji}`,
  statusIdeas: [
    { emoji: "🗓️", text: "In a meeting", after: "1h" },
    { emoji: "🍽️", text: "At lunch", after: "1h" },
    { emoji: "🏠", text: "Working from home", after: "today" },
    { emoji: "🤒", text: "Out sick", after: "today" },
    { emoji: "🌴", text: "On holiday", after: "never" },
  ],
  statusSet: "Your status is set.",
  statusCleared: "Your status is cleared.",
  statusEmpty: "Write something, or choose an emoji.",
  contactAsked: "Your request is sent.",
  contactMade: "You are contacts now.",
  contactTakenBack: "Your request is taken back.",
  contactDeclined: "The request is declined.",
  contactRemoved: "You are no longer contacts.",
  newPicture: "The new picture",
  noPicture: "This is no picture that can be read. Choose a JPEG, PNG, WebP or GIF.",
  pictureTooLarge: "A picture has at most 10 MB.",
  presence: {
    online: "Online",
    away: "Away",
    dnd: "Do not disturb",
    offline: "Offline",
    invisible: "Invisible",
  },
  here: (/** @type {number} */ count) => `${count} here`,
  hereNow: (/** @type {string[]} */ names, /** @type {number} */ count) =>
    count === 1 ? `${listed(names)} has this room open` : `${listed(names, count)} have this room open`,
  untilMoment: (/** @type {Date} */ date) => `until ${shortMoment.format(date)}`,
  unreadCount: (/** @type {number} */ count) => (count === 1 ? "1 new message" : `${count} new messages`),
  favourite: "Add to favourites",
  noFavourite: "Remove from favourites",
  markRead: "Mark as read",
  levels: { all: "All messages", mentions: "Mentions only", none: "Nothing" },
  notify: (/** @type {string} */ level) => `Notify of: ${level.toLowerCase()}`,
  mute: "Mute",
  unmute: "Turn on again",
  muteHour: "For 1 hour",
  muteTomorrow: "Until tomorrow",
  muteForever: "Until I turn it on again",
  moveTo: "Move to section",
  moveUp: "Move up",
  moveDown: "Move down",
  rooms: "Rooms",
  directRooms: "Direct messages",
  newSection: "New section",
  newSectionAsk: "New section …",
  rename: "Rename",
  renameSection: "Rename the section",
  deleteSection: "Delete",
  deleteSectionTitle: (/** @type {string} */ name) => `Delete the section “${name}”?`,
  deleteSectionWords: "Its rooms stay: they go back to the others of their kind.",
  choicesFor: (/** @type {string} */ name) => `Choices for ${name}`,
};
