/** What the person has no way to, though others have: all that a guest by a name alone is not let to. */

/** @param {string} name as in accounts/guests.py @returns {boolean} */
export const isBarred = (name) => (document.body.dataset.barred ?? "").split(" ").includes(name);
