// <button hidden data-copy="text to copy" data-copied="Copied">Copy</button>; stays hidden where it could not work.

const announcer = document.getElementById("announcer");

if (navigator.clipboard) {
  for (const button of document.querySelectorAll("button[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(button.dataset.copy);
      const word = button.textContent;
      button.textContent = announcer.textContent = button.dataset.copied;
      setTimeout(() => { button.textContent = word; }, 2000);
    });
  }
}
