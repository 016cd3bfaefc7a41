/** Days and times as the reader's browser writes them. */

import { WORDS } from "./words.js";

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
const MORNING_HOUR = 9;
const clock = new Intl.DateTimeFormat(undefined, { hour: "numeric", minute: "2-digit" });
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const distance = new Intl.RelativeTimeFormat(undefined, { numeric: "auto" });
const thisYear = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const otherYear = new Intl.DateTimeFormat(undefined, { dateStyle: "long" });

/** The time of day. @param {Date} date */
export const clockTime = (date) => clock.format(date);

/** Day and time in full. @param {Date} date */
export const fullTime = (date) => moment.format(date);

/** Day and time to the second, as briefly as that can be said. @param {Date} date */
export const exactTime = (date) => exact.format(date);

/** What two moments of one local day have in common. @param {Date} date */
export const dayKey = (date) => `${date.getFullYear()}-${date.getMonth() + 1}-${date.getDate()}`;

/** What to call a day: Today, Yesterday, or its date. @param {Date} date @param {Date} [now] */
export function dayName(date, now = new Date()) {
  const days = Math.round((startOfDay(now) - startOfDay(date)) / DAY_MS); // rounded: a day may have 23 or 25 hours
  if (days === 0) return WORDS.today;
  if (days === 1) return WORDS.yesterday;
  return (date.getFullYear() === now.getFullYear() ? thisYear : otherYear).format(date);
}

/** How long it is until a moment ends something. @param {Date} date @param {Date} [now] */
export function untilWords(date, now = new Date()) {
  const minutes = Math.max(1, Math.round((date.getTime() - now.getTime()) / 60_000));
  if (minutes < 60) return WORDS.closesAt(distance.format(minutes, "minute"));
  if (minutes < 48 * 60) return WORDS.closesAt(distance.format(Math.round(minutes / 60), "hour"));
  return WORDS.closesAt(distance.format(Math.round(minutes / (24 * 60)), "day"));
}

/** A day as date inputs and addresses write it. @param {Date} date */
export function isoDay(date) {
  const pad = (/** @type {number} */ part, /** @type {number} */ length) => String(part).padStart(length, "0");
  return `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1, 2)}-${pad(date.getDate(), 2)}`;
}

function startOfDay(date) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
}

/**
 * Moments that one sends a message at: in an hour, tomorrow and on Monday in the morning.
 * @param {Date} [now]
 * @returns {{hour: Date, tomorrow: Date, monday: Date}}
 */
export function nextTimes(now = new Date()) {
  const morning = (days) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, MORNING_HOUR);
  const toMonday = (8 - now.getDay()) % 7 || 7;
  return { hour: new Date(now.getTime() + HOUR_MS), tomorrow: morning(1), monday: morning(toMonday) };
}
