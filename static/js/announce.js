// htmx swaps are heard: an error summary takes the focus, otherwise the words of the swapped part's data-announce are read.
// A part with data-quiet asks only while the page is looked at and there is a network, and says nothing when that fails.

const announcer = document.getElementById("announcer");

document.addEventListener("htmx:afterSettle", (event) => {
  const part = event.target;
  const summary = part.querySelector(".error-summary");
  if (summary) {
    summary.focus();
    return;
  }
  const spoken = part.matches("[data-announce]") ? part : part.querySelector("[data-announce]");
  if (spoken) announcer.textContent = spoken.dataset.announce;
});

for (const failure of ["htmx:responseError", "htmx:sendError"]) {
  document.addEventListener(failure, (event) => {
    if (event.target.closest("[data-quiet]")) return;
    announcer.textContent = announcer.dataset.failed;
    announcer.className = "notice notice-bad";
  });
}

document.addEventListener("htmx:beforeRequest", (event) => {
  const idle = document.hidden || !navigator.onLine;
  if (idle && event.target.closest("[data-quiet]")) event.preventDefault();
});
