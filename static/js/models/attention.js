/** Whether the person looks at this page: it is visible and has the focus. Emits `change`. */

import { Emitter } from "../events.js";

export class Attention extends Emitter {
  constructor() {
    super();
    for (const name of ["focus", "blur", "pageshow"]) addEventListener(name, () => this.emit("change"));
    document.addEventListener("visibilitychange", () => this.emit("change"));
  }

  get isHere() {
    return document.visibilityState === "visible" && document.hasFocus();
  }
}
