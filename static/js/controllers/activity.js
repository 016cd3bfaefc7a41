/** Tells the server whether the person is at this page, so that others see them as away when not. */

const IDLE_AFTER_MS = 5 * 60_000;
const SIGNS = ["pointermove", "pointerdown", "keydown", "wheel", "touchstart"];

/** @param {{socket: import("../models/socket.js").Socket}} parts */
export function tellActivity({ socket }) {
  let isIdle = false;
  let timer = 0;
  const tell = () => socket.notify({ type: "presence", status: isIdle ? "idle" : "active" });
  const become = (idle) => {
    if (isIdle === idle) return;
    isIdle = idle;
    tell();
  };
  const restart = () => {
    clearTimeout(timer);
    timer = setTimeout(() => become(true), IDLE_AFTER_MS);
    become(false);
  };
  for (const sign of SIGNS) addEventListener(sign, restart, { passive: true });
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") restart();
  });
  socket.on("ready", () => {
    if (isIdle) tell(); // a new connection counts as active until it says otherwise
  });
  restart();
}
