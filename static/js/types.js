/**
 * The shapes that travel between server and client, as JSDoc types. No code.
 *
 * @typedef {Object} Person
 * @property {string} id
 * @property {string} username
 * @property {string} display_name
 * @property {string|null} [avatar]
 *
 * @typedef {Object} Room           A room as the signed-in person sees it (boot, `ready`, `room.added`).
 * @property {string} id
 * @property {string} slug
 * @property {"public"|"private"|"direct"|"channel"} kind
 * @property {string} name
 * @property {number} head_seq      Where the room's log stood when the counts were read.
 * @property {number} last_number
 * @property {number} last_read_number
 * @property {number} unread
 * @property {number} mentions
 * @property {string} role
 * @property {Preferences} [preferences]
 *
 * @typedef {Object} Preferences    What the person has chosen for a room, for themselves.
 * @property {"all"|"mentions"|"none"} notification_level
 * @property {string|null} notifications_muted_until
 * @property {boolean} favourite
 * @property {string|null} section
 * @property {number|null} position
 *
 * @typedef {Object} Message
 * @property {string} id
 * @property {number} seq
 * @property {number} number
 * @property {string} kind
 * @property {Person|null} sender
 * @property {string} content
 * @property {string} html
 * @property {string|null} client_id
 * @property {string[]} mentions    Ids of people, and the words “room” and “here”.
 * @property {{root: string, count: number, index: number|null}|null} thread
 * @property {boolean} silent
 * @property {boolean} in_flow       False: it stands in its thread only.
 * @property {string} created_at
 *
 * @typedef {Object} LogFrame       A durable event of a room's log; applying one twice is harmless.
 * @property {string} type
 * @property {string} room
 * @property {number} seq
 * @property {any} data
 * @property {string} [fragment]    The rendered `<li>` of the message it is about.
 *
 * @typedef {Object} OutboxEntry    A message on its way out.
 * @property {string} client_id     Names this send for good: every retry carries the same one.
 * @property {string} room
 * @property {string} content
 * @property {{reply_to?: string, thread?: string, silent?: boolean, poll?: Object}} [fields]  what else is sent
 * @property {import("./models/drafts.js").Quote} [quote]  what it answers, as it is shown until it is stored
 * @property {number} at            Milliseconds; also the order in which a room's messages go out.
 * @property {number} attempts      Tries that have failed while connected, since its writer last asked for one.
 * @property {number} [tries]       How often it has gone out in all.
 * @property {number} notBefore     Milliseconds; the next try waits until then.
 * @property {"queued"|"failed"|"discarded"} state
 * @property {string} [reason]      Why it failed, in words for its writer.
 *
 * @typedef {Object} SendExtra      What a message has besides its room and content.
 * @property {string} [reply_to]
 * @property {import("./models/drafts.js").Quote} [quote]
 * @property {string} [thread]      The root of the thread that it replies in.
 * @property {boolean} [silent]
 * @property {{options: string[], multiple: boolean, anonymous: boolean, closes_at: string|null}} [poll]
 */

export {};
