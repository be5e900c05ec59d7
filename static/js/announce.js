// htmx swaps are heard: an error summary takes the focus, otherwise the words of the swapped part's data-announce are read.

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
  document.addEventListener(failure, () => {
    announcer.textContent = announcer.dataset.failed;
    announcer.className = "notice notice-bad";
  });
}
