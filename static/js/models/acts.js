/**
 * What one does with messages, as calls: by the socket while it is connected, else by REST. All
 * reject with a `CommandError`.
 */

import { call } from "../api.js";

export class Acts {
  #socket;

  /** @param {import("./socket.js").Socket} socket */
  constructor(socket) {
    this.#socket = socket;
  }

  /** The message as it is now. @param {string} id @returns {Promise<import("../types.js").Message>} */
  read(id) {
    return call("GET", `messages/${id}/`);
  }

  /** @param {string} id @param {string} content @param {number} baseSeq the newest edit that the editor knew */
  edit(id, content, baseSeq) {
    const fields = { content, base_seq: baseSeq };
    return this.#either("message.edit", { message: id, ...fields }, "PATCH", `messages/${id}/`, fields);
  }

  /** @param {string} id */
  remove(id) {
    return this.#either("message.delete", { message: id }, "DELETE", `messages/${id}/`);
  }

  /** @param {string} id @param {string} emoji @param {boolean} on @returns {Promise<any>} the message */
  react(id, emoji, on) {
    const path = `messages/${id}/reactions/${encodeURIComponent(emoji)}/`;
    const type = on ? "reaction.add" : "reaction.remove";
    return this.#either(type, { message: id, emoji }, on ? "PUT" : "DELETE", path);
  }

  /** Who reacted, the first of them. @param {string} id @param {string} emoji */
  reactors(id, emoji) {
    return call("GET", `messages/${id}/reactions/?${new URLSearchParams({ emoji })}`);
  }

  /** @param {string} id @param {boolean} on */
  pin(id, on) {
    const type = on ? "message.pin" : "message.unpin";
    return this.#either(type, { message: id }, on ? "PUT" : "DELETE", `messages/${id}/pin/`);
  }

  /** @param {string} id @param {number[]} options none takes the vote back */
  vote(id, options) {
    return this.#either("poll.vote", { message: id, options }, "PUT", `messages/${id}/vote/`, { options });
  }

  /** @param {string} id */
  closePoll(id) {
    return this.#either("poll.close", { message: id }, "POST", `messages/${id}/poll/close/`);
  }

  /** @param {string} id @param {string} note */
  save(id, note) {
    return call("PUT", `messages/${id}/saved/`, { note });
  }

  /** @param {string} id */
  unsave(id) {
    return call("DELETE", `messages/${id}/saved/`);
  }

  /** Take the preview of an address away from one's message. @param {string} id @param {string} url */
  dropPreview(id, url) {
    const path = `messages/${id}/previews/?${new URLSearchParams({ url })}`;
    return this.#either("preview.dismiss", { message: id, url }, "DELETE", path);
  }

  #either(type, fields, method, path, body) {
    return this.#socket.isOpen ? this.#socket.request(type, fields) : call(method, path, body);
  }
}
