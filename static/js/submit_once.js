// A second tap does not send a form twice. (The server does not depend on it: verbs are idempotent.)

const sent = new Set();

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (sent.has(form)) {
    event.preventDefault();
    return;
  }
  sent.add(form);
  event.submitter?.setAttribute("aria-disabled", "true");
});

// Coming back by the browser's back button, the page is fresh again.
window.addEventListener("pageshow", () => {
  sent.clear();
  for (const button of document.querySelectorAll("button[aria-disabled]")) button.removeAttribute("aria-disabled");
});
