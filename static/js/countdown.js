// <time datetime="2026-11-22T18:00:00+08:00" data-until>2026-11-22 Sunday 18:00</time> also says "(in 2 days)"; with
// data-until="brief" it says only that, and keeps the absolute time in its title: for places that show the day already.
// data-now, on any element, is the server's business clock, which a demonstration may move.

const now = document.querySelector("[data-now]")?.dataset.now;
const lead = now ? Date.parse(now) - Date.now() : 0;
const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "always" });
const [opening, closing] = document.documentElement.lang.startsWith("zh") ? ["（", "）"] : [" (", ")"];
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];

function show(time) {
  time.title ||= time.textContent.trim();
  const seconds = Math.round((Date.parse(time.dateTime) - Date.now() - lead) / 1000);
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? UNITS.at(-1);
  const left = words.format(Math.trunc(seconds / size), unit);
  time.textContent = time.dataset.until === "brief" ? left : time.title + opening + left + closing;
  time.dataset.urgency = seconds < 0 ? "overdue" : seconds < 86400 ? "soon" : "calm";
}

function showAll() {
  for (const time of document.querySelectorAll("time[data-until]")) show(time);
}

showAll();
setInterval(showAll, 1000);
document.addEventListener("htmx:afterSwap", showAll);
