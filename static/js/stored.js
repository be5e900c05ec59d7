// Charges that could not be sent because the counter had no network: kept on this device, under who stands at the counter, until
// they are sent. The server takes few, for some hours, and each waits for the customer: the risk is the shop's.

const box = document.getElementById("stored");
const rows = document.getElementById("stored-rows");
const row = document.getElementById("stored-row");
const words = box.dataset;
const place = `stored-charges:${words.staff}`;

function all() {
  try {
    return JSON.parse(localStorage.getItem(place)) ?? [];
  } catch {
    return [];
  }
}

function keep(charges) {
  localStorage.setItem(place, JSON.stringify(charges));
  show();
}

function show() {
  const charges = all();
  box.hidden = charges.length === 0;
  rows.replaceChildren(
    ...charges.map((charge) => {
      const item = row.content.firstElementChild.cloneNode(true);
      item.querySelector("[data-what]").textContent = charge.what;
      item.querySelector("time").textContent = new Date(charge.at).toLocaleTimeString(document.documentElement.lang, { timeZone: "Asia/Shanghai" });
      item.querySelector("[data-refused]").textContent = charge.refused ?? "";
      item.querySelector("[data-refused]").hidden = !charge.refused;
      item.querySelector("button").value = charge.key;
      return item;
    }),
  );
}

// Whether one more may be stored.
export function hasRoom() {
  return all().length < Number(words.most);
}

// `at`: when the code was shown, by this device's clock; only how long ago that is will be told.
export function store(charge) {
  keep([...all(), charge]);
}

// Send what is stored, the oldest first. `post(charge, secondsAgo)` gives the answer, or throws without a network.
export async function sendAll(post, done) {
  for (const charge of all()) {
    if (charge.refused) continue;
    const answer = await post(charge, Math.max(1, Math.round((Date.now() - charge.at) / 1000)));
    if (answer.status >= 500 || answer.status === 429) return; // later
    const body = await answer.json();
    const others = all().filter((one) => one.key !== charge.key);
    keep(answer.ok ? others : [...others, { ...charge, refused: body.error?.message ?? words.refused }]);
    await done(answer.ok, body);
  }
}

rows.addEventListener("click", (event) => {
  const key = event.target.closest("button")?.value;
  if (key) keep(all().filter((charge) => charge.key !== key));
});

show();
