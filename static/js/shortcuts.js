// Single keys on the administration's pages: j/k and o/x in a list, a key for whatever bears data-key="…", ? for the list of them.
// The page leaves the dialog out for who has switched them off (WCAG 2.1.4), and then there are none.

const dialog = document.getElementById("shortcuts");
const rows = [...document.querySelectorAll("#result_list tbody tr, .queue tbody tr")];
const here = new Map([...document.querySelectorAll("[data-key]")].map((it) => [it.dataset.key, it]));
// In these a key is text or an answer; boxes and buttons take none of ours.
const TYPING = "input:not([type=checkbox], [type=radio], [type=submit], [type=button]), textarea, select, [contenteditable]";
let last = -1;

function label(it) {
  return it.dataset.keyLabel ?? it.labels?.[0]?.textContent.trim() ?? it.textContent.trim();
}

for (const [key, it] of here) {
  it.setAttribute("aria-keyshortcuts", key);
  const row = document.getElementById("shortcuts-here").insertRow();
  row.insertCell().append(Object.assign(document.createElement("kbd"), { textContent: key }));
  row.insertCell().textContent = label(it);
}

function present() {
  const focused = rows.indexOf(document.activeElement.closest("tr"));
  return focused < 0 ? last : focused;
}

function go(by) {
  if (!rows.length) return;
  last = Math.min(Math.max(present() + by, 0), rows.length - 1);
  (rows[last].querySelector("a") ?? rows[last].querySelector("input"))?.focus();
  rows[last].scrollIntoView({ block: "nearest" });
}

function reach(it) {
  for (let around = it.parentElement; around; around = around.parentElement) {
    if (around.tagName === "DETAILS") around.open = true;
  }
  if (it.tagName === "A") it.click();
  else it.focus();
}

const ALWAYS = {
  "?": () => dialog.showModal(),
  j: () => go(1),
  k: () => go(-1),
  o: () => rows[present()]?.querySelector("a")?.click(),
  x: () => rows[present()]?.querySelector("input[type=checkbox]")?.click(),
  "/": () => document.querySelector("#searchbar, #search-everything")?.focus(),
};

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.target.closest(TYPING) || document.querySelector("dialog[open]")) return;
  const key = event.key === "？" ? "?" : event.key; // as a Chinese keyboard writes it
  const it = here.get(key);
  if (!it && !Object.hasOwn(ALWAYS, key)) return;
  event.preventDefault();
  if (it) reach(it);
  else ALWAYS[key]();
});

document.getElementById("shortcuts-open")?.addEventListener("click", () => dialog.showModal());
document.getElementById("shortcuts-close").addEventListener("click", () => dialog.close());
