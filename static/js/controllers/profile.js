/** The panel about a person: their clock, when they were here, and what one can be to each other. */

import { call } from "../api.js";
import { clockTime, dayName, fullTime } from "../dates.js";
import { WORDS } from "../words.js";
import { askAndBlock } from "./contacts.js";
import { attempt } from "./message-verbs.js";
import { refreshPanel, whenPanel } from "./panel.js";
import { say } from "./toasts.js";

const TICK_MS = 10_000; // of a clock without seconds

export function runProfiles() {
  whenPanel("profile", ({ root, signal }) => {
    tellTimes(root);
    const ticking = setInterval(() => tellClock(root), TICK_MS);
    signal.addEventListener("abort", () => clearInterval(ticking));
    root.addEventListener("click", (event) => {
      const button = /** @type {HTMLElement|null} */ (/** @type {HTMLElement} */ (event.target).closest("[data-do]"));
      if (button) act(/** @type {HTMLButtonElement} */ (button), root);
    });
  });
}

/** @param {HTMLButtonElement} button @param {HTMLElement} root */
async function act(button, root) {
  const { person, request } = root.dataset;
  const name = root.querySelector(".profile-name bdi").textContent;
  const verbs = {
    request: [() => call("POST", "contacts/requests/", { user: person }), WORDS.contactAsked],
    cancel: [() => call("DELETE", `contacts/requests/${request}/`), WORDS.contactTakenBack],
    decline: [() => call("PATCH", `contacts/requests/${request}/`, { state: "declined" }), WORDS.contactDeclined],
    remove: [() => call("DELETE", `contacts/${person}/`), WORDS.contactRemoved],
    unblock: [() => call("DELETE", `blocks/${person}/`), WORDS.unblocked(name)],
  };
  if (button.dataset.do === "block") return askAndBlock(person, name, () => refreshPanel("profile"));
  const [work, words] = verbs[button.dataset.do];
  button.disabled = true;
  const isDone = await attempt(/** @type {() => unknown} */ (work));
  button.disabled = false;
  if (!isDone) return;
  say(root.dataset.relation === "request_received" && button.dataset.do === "request" ? WORDS.contactMade : words);
  refreshPanel("profile");
}

function tellTimes(root) {
  tellClock(root);
  for (const time of root.querySelectorAll("time[data-moment]")) {
    const date = new Date(time.dateTime);
    time.textContent = WORDS.dayAndTime(dayName(date), clockTime(date));
    time.title = fullTime(date);
  }
}

/** What time it is where the person is. @param {HTMLElement} root */
function tellClock(root) {
  for (const time of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("time[data-zone]"))) {
    const now = new Date();
    try {
      const there = { timeZone: time.dataset.zone };
      const clock = new Intl.DateTimeFormat(undefined, { ...there, hour: "numeric", minute: "2-digit" }).format(now);
      const days = (/** @type {Intl.DateTimeFormatOptions} */ where) => new Intl.DateTimeFormat("en-CA", where).format(now);
      const weekday = new Intl.DateTimeFormat(undefined, { ...there, weekday: "long" }).format(now);
      time.textContent = days(there) === days({}) ? clock : WORDS.dayAndTime(weekday, clock);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error; // a zone that this browser does not know: the server's words stay
    }
  }
}
