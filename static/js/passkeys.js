/** Says in words what went wrong with a passkey; allauth's scripts, which speak to it, only raise an event. */

const WORDS = {
  NotAllowedError: "Nothing was chosen, or it took too long. Try again.",
  InvalidStateError: "This key is registered already.",
  SecurityError: "Passkeys need HTTPS, or the name “localhost” in the address.",
  NotSupportedError: "This device has no passkeys.",
};
const OTHERWISE = "The passkey could not be used. Try again.";

document.addEventListener("allauth.error", (event) => {
  const place = document.querySelector("[data-passkey-error]");
  if (!place) return;
  event.preventDefault();
  place.textContent = WORDS[event.detail.exception?.name] ?? OTHERWISE;
  place.hidden = false;
});
