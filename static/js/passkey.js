// The form #passkey: its button asks the browser for a passkey (data-create: for a new one) with the options in
// #passkey-options, and sends the answer as JSON. Bytes travel as base64url.

const form = document.getElementById("passkey");
const button = document.getElementById("passkey-button");
const trouble = document.getElementById("passkey-trouble");

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function say(sentence) {
  trouble.textContent = sentence;
  trouble.hidden = false;
}

async function ask() {
  const { publicKey } = JSON.parse(document.getElementById("passkey-options").textContent);
  publicKey.challenge = bytes(publicKey.challenge);
  if (publicKey.user) publicKey.user.id = bytes(publicKey.user.id);
  for (const known of [...(publicKey.allowCredentials ?? []), ...(publicKey.excludeCredentials ?? [])]) known.id = bytes(known.id);
  const made = "create" in form.dataset
    ? await navigator.credentials.create({ publicKey })
    : await navigator.credentials.get({ publicKey });
  const response = {};
  for (const part of ["clientDataJSON", "attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (made.response[part]) response[part] = text(made.response[part]);
  }
  form.elements.credential.value = JSON.stringify({
    type: made.type,
    id: made.id,
    rawId: text(made.rawId),
    response,
    clientExtensionResults: made.getClientExtensionResults(),
  });
  form.requestSubmit();
}

if (form) {
  if (!window.PublicKeyCredential) say(form.dataset.cannot);
  button.hidden = !window.PublicKeyCredential;
  button.addEventListener("click", async () => {
    trouble.hidden = true;
    button.disabled = true;
    try {
      await ask();
    } catch (error) {
      say(error.name === "SecurityError" ? form.dataset.cannot : form.dataset.failed);
    } finally {
      button.disabled = false;
    }
  });
}
