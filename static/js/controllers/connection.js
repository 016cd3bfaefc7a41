/** The quiet banner about the connection, and the way to the sign-in page when the session has ended. */

import { WORDS } from "../words.js";

const PATIENCE_MS = 2_000; // most cuts are over by then
const SIGN_IN_AGAIN_MS = 30_000; // a second end of the session within this time is shown, not followed: no loops
const SIGNED_OUT_KEY = "chat:signed-out-at";

/** What stops a connection for good: words, and the words of the button that starts it again. */
const STOPPED = {
  replaced: [WORDS.replaced, WORDS.useHere],
  "foreign-origin": [WORDS.foreignOrigin, WORDS.tryNow],
  "signed-out": [WORDS.signedOut, WORDS.signIn],
};

/**
 * @param {Object} parts
 * @param {HTMLElement} parts.banner
 * @param {import("../models/socket.js").Socket} parts.socket
 */
export function showConnection({ banner, socket }) {
  const spoken = element("span", "visually-hidden");
  const words = element("span", "banner-words");
  const button = element("button", "banner-action");
  button.type = "button";
  words.setAttribute("aria-hidden", "true"); // it counts the seconds; `spoken` says it once
  banner.append(spoken, words, " ", button);
  let patience = 0;
  let seconds = 0;

  const write = (text, aloud, action) => {
    words.textContent = text;
    if (spoken.textContent !== aloud) spoken.textContent = aloud;
    button.textContent = action ?? "";
    button.hidden = !action;
  };
  const describe = () => {
    const { state, retryAt = 0, reason = "" } = socket.status;
    if (state === "stopped") write(STOPPED[reason][0], STOPPED[reason][0], STOPPED[reason][1]);
    else if (state === "waiting") {
      write(WORDS.offline(Math.max(1, Math.ceil((retryAt - Date.now()) / 1000))), WORDS.offlineSpoken, WORDS.tryNow);
    } else write(WORDS.reconnecting, WORDS.offlineSpoken);
  };
  const reveal = () => {
    clearInterval(seconds);
    describe();
    banner.hidden = false;
    seconds = setInterval(describe, 1000);
  };
  const conceal = () => {
    clearTimeout(patience);
    clearInterval(seconds);
    patience = 0;
    banner.hidden = true;
  };

  socket.on("status", ({ state, reason }) => {
    if (state === "open" || state === "idle") conceal();
    else if (state === "stopped") {
      if (reason === "signed-out" && isFirstTime()) signIn();
      else reveal();
    } else if (!banner.hidden) describe();
    else patience ||= setTimeout(reveal, PATIENCE_MS);
  });
  button.addEventListener("click", () => {
    if (socket.status.reason === "signed-out") signIn();
    else socket.retryNow();
  });
}

function signIn() {
  sessionStorage.setItem(SIGNED_OUT_KEY, String(Date.now()));
  location.assign(`/accounts/login/?${new URLSearchParams({ next: location.pathname })}`);
}

function isFirstTime() {
  return Date.now() - Number(sessionStorage.getItem(SIGNED_OUT_KEY)) > SIGN_IN_AGAIN_MS;
}

function element(name, className) {
  const made = document.createElement(name);
  made.className = className;
  return made;
}
