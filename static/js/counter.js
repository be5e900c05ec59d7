// The counter sends to the API and shows the verdict at once, so a scanner gun can go on; without it the forms are posted.
// The idempotency key belongs to the form: it changes only after an answer, so pressing again after a lost
// connection cannot charge twice.

import { hasRoom, sendAll, store } from "./stored.js";

const form = document.getElementById("counter");
const verdict = document.getElementById("verdict");
const charges = document.getElementById("charges");
const words = form.dataset;
const rest = document.getElementById("rest"); // offered when the card holds less than the price
const later = document.getElementById("later"); // offered when there is no network
let busy = false;
let unsent = null; // what the last press could not send

function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// "1,234.5" → 123450 without floating point; null when empty, the text itself when it is no amount (the API refuses it).
function fen(typed) {
  const plain = typed.normalize("NFKC").replace(/[\s,¥]/g, "");
  if (!plain) return null;
  const match = /^(\d{1,12})(?:\.(\d{1,2}))?$/.exec(plain);
  return match ? Number(match[1] + (match[2] ?? "").padEnd(2, "0")) : typed;
}

function whole(typed) {
  const plain = typed.normalize("NFKC").trim();
  if (!plain) return null;
  return /^-?\d{1,15}$/.test(plain) ? Number(plain) : typed;
}

function show(kind, word, ...lines) {
  const box = document.createElement("div");
  box.className = `verdict verdict-${kind}`;
  for (const [index, line] of [word, ...lines].entries()) {
    const span = document.createElement("span");
    if (index === 0) span.className = "verdict-word";
    span.textContent = line;
    box.append(span);
  }
  verdict.replaceChildren(box);
  verdict.scrollIntoView({ block: "nearest" });
}

async function refreshCharges() {
  const answer = await fetch(words.charges);
  if (answer.ok) charges.innerHTML = await answer.text();
}

function showRefusal(error) {
  const details = Object.values(error.fields ?? {}).flat();
  show("bad", words.refused, ...(details.length ? details : [error.message]));
}

function showCharge(charge) {
  const word = { reserved: words.waiting, checked_in: words.checkedIn, undone: words.undone }[charge.state] ?? words.done;
  const kind = charge.state === "reserved" ? "wait" : "ok";
  show(kind, word, charge.message, `${charge.product} · ${charge.card.slice(0, 4)} ${charge.card.slice(4)}`);
}

function post(key, body) {
  return fetch(words.api, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "Idempotency-Key": key,
      "X-CSRFToken": form.elements.csrfmiddlewaretoken.value,
    },
    body: JSON.stringify(body),
  });
}

function typed(restAtTill) {
  const fields = form.elements;
  return {
    code: fields.code.value,
    units: whole(fields.units.value),
    amount_fen: fen(fields.amount.value),
    store: fields.store ? Number(fields.store.value) : null,
    note: fields.note.value,
    rest_at_till: restAtTill,
    lesson_class: fields.lesson_class?.value ?? "",
    lesson_on: fields.lesson_on?.value || null,
  };
}

function empty() {
  for (const name of ["code", "units", "amount", "note"]) form.elements[name].value = ""; // the class stays: its learners come together
  form.elements.code.focus();
}

async function send(restAtTill) {
  const fields = form.elements;
  const charge = typed(restAtTill);
  // The same press again is the same charge, scanned when it was first pressed.
  if (unsent?.key !== fields.key.value) unsent = { key: fields.key.value, body: charge, at: Date.now() };
  unsent.body = charge;
  unsent.what = [fields.code.value, fields.units.value, fields.amount.value, fields.note.value].filter(Boolean).join(" · ");
  let answer;
  try {
    answer = await post(fields.key.value, charge);
  } catch (lost) {
    later.hidden = !hasRoom();
    throw lost;
  }
  later.hidden = true;
  const body = await answer.json();
  if (answer.status < 500) fields.key.value = newKey();
  rest.hidden = body.error?.code !== "AmountTooLarge";
  if (!answer.ok) {
    showRefusal(body.error);
    fields.code.select();
    return;
  }
  showCharge(body);
  empty();
  await refreshCharges();
}

// What waits on this device; when the network is back, by itself.
async function sendStored() {
  await sendAll(
    (charge, ago) => post(charge.key, { ...charge.body, scanned_seconds_ago: ago }),
    async (taken, body) => {
      if (taken) showCharge(body);
      else showRefusal(body.error);
      await refreshCharges();
    },
  );
}

later.addEventListener("click", () => {
  store(unsent);
  unsent = null;
  form.elements.key.value = newKey();
  later.hidden = true;
  show("wait", words.stored, words.storedMore);
  empty();
});

document.getElementById("send-stored").addEventListener("click", () => alone(sendStored, words.storedOffline));
window.addEventListener("online", () => alone(sendStored, words.storedOffline));
setInterval(() => navigator.onLine && alone(sendStored, words.storedOffline), 30000);

// Undoing twice undoes once: a second answer only says that it is done.
async function undo(address) {
  const token = form.elements.csrfmiddlewaretoken.value;
  const answer = await fetch(address, { method: "POST", headers: { "X-CSRFToken": token } });
  const body = await answer.json();
  if (answer.ok) showCharge(body);
  else showRefusal(body.error);
  await refreshCharges();
  form.elements.code.focus();
}

async function alone(deed, offline) {
  if (busy) return;
  busy = true;
  try {
    await deed();
  } catch {
    show("bad", words.refused, offline);
  } finally {
    busy = false;
  }
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  alone(() => send(event.submitter === rest), words.offline);
});

charges.addEventListener("submit", (event) => {
  event.preventDefault();
  alone(() => undo(event.target.dataset.api), words.undoOffline);
});
