// The counter sends to the API and shows the verdict at once, so a scanner gun can go on; without it the forms are posted.
// The idempotency key belongs to the form: it changes only after an answer, so pressing again after a lost
// connection cannot charge twice.

const form = document.getElementById("counter");
const verdict = document.getElementById("verdict");
const charges = document.getElementById("charges");
const words = form.dataset;
const rest = document.getElementById("rest"); // offered when the card holds less than the price
let busy = false;

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

function showCharge(kind, word, charge) {
  show(kind, word, charge.message, `${charge.product} · ${charge.card.slice(0, 4)} ${charge.card.slice(4)}`);
}

async function send(restAtTill) {
  const fields = form.elements;
  const answer = await fetch(words.api, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "Idempotency-Key": fields.key.value,
      "X-CSRFToken": fields.csrfmiddlewaretoken.value,
    },
    body: JSON.stringify({
      code: fields.code.value,
      units: whole(fields.units.value),
      amount_fen: fen(fields.amount.value),
      store: fields.store ? Number(fields.store.value) : null,
      note: fields.note.value,
      rest_at_till: restAtTill,
      lesson_class: fields.lesson_class?.value ?? "",
      lesson_on: fields.lesson_on?.value || null,
    }),
  });
  const body = await answer.json();
  if (answer.status < 500) fields.key.value = newKey();
  rest.hidden = body.error?.code !== "AmountTooLarge";
  if (!answer.ok) {
    showRefusal(body.error);
    fields.code.select();
    return;
  }
  const word = { reserved: words.waiting, checked_in: words.checkedIn }[body.state] ?? words.done;
  showCharge(body.state === "reserved" ? "wait" : "ok", word, body);
  for (const name of ["code", "units", "amount", "note"]) fields[name].value = ""; // the class stays: its learners come together
  fields.code.focus();
  await refreshCharges();
}

// Undoing twice undoes once: a second answer only says that it is done.
async function undo(address) {
  const token = form.elements.csrfmiddlewaretoken.value;
  const answer = await fetch(address, { method: "POST", headers: { "X-CSRFToken": token } });
  const body = await answer.json();
  if (answer.ok) showCharge("ok", words.undone, body);
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
