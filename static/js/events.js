/** Events by name: the one base class of the models that tell others what happened to them. */

export class Emitter extends EventTarget {
  /**
   * @param {string} name
   * @param {any} [detail]
   */
  emit(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }

  /**
   * Call `listener` with the event's detail.
   * @param {string} name
   * @param {(detail: any) => void} listener
   * @param {{signal?: AbortSignal}} [options] when to stop
   */
  on(name, listener, options) {
    this.addEventListener(name, (event) => listener(/** @type {CustomEvent} */ (event).detail), options);
  }
}
