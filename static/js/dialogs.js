/** Dialogs out of the page's templates: opened, filled in, and gone when they close. */

/**
 * Open the dialog of a template.
 * @param {string} id the template's
 * @returns {{dialog: HTMLDialogElement, form: HTMLFormElement, rest: Element[]}} `rest`: what else the template holds
 */
export function openDialog(id) {
  const template = /** @type {HTMLTemplateElement} */ (document.getElementById(id));
  const [dialog, ...rest] = /** @type {DocumentFragment} */ (template.content.cloneNode(true)).children;
  const made = /** @type {HTMLDialogElement} */ (dialog);
  document.body.append(made);
  made.addEventListener("close", () => made.remove());
  made.addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target === made || target.closest("[data-act=cancel]")) made.close(""); // `made`: the ground around it
  });
  made.showModal();
  return { dialog: made, form: made.querySelector("form"), rest };
}

/**
 * Call `work` when the form is sent; the dialog stays until `work` closes it. The way out is a button
 * that sends nothing: Enter in a field presses the first one that does.
 * @param {HTMLFormElement} form
 * @param {() => void} work
 */
export function onConfirm(form, work) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    work();
  });
}

/** Say what is wrong; nothing hides it again. @param {ParentNode} within @param {string} text */
export function showError(within, text) {
  const list = /** @type {HTMLElement} */ (within.querySelector(".errors"));
  const item = document.createElement("li");
  item.textContent = text;
  list.replaceChildren(...(text ? [item] : []));
  list.hidden = !text;
}

/** What a `datetime-local` field takes for a moment. @param {Date} date */
export function localValue(date) {
  const here = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return here.toISOString().slice(0, 16);
}
