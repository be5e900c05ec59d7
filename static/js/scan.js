// Where the browser can read QR codes (BarcodeDetector) and the page may use the camera, a button reads the customer's code
// into the counter's field. Elsewhere the button stays hidden: a hand scanner types into the same field, or a person does.

const EVERY_MS = 200;
const button = document.getElementById("scan");
const dialog = document.getElementById("scanner");
const picture = document.getElementById("scanner-picture");
const sentence = document.getElementById("scanner-text");
const field = document.getElementById("counter").elements.code;
const invitation = sentence.textContent;

async function readable() {
  if (!("BarcodeDetector" in window) || !navigator.mediaDevices?.getUserMedia) return false;
  const formats = await window.BarcodeDetector.getSupportedFormats();
  return formats.includes("qr_code");
}

function close() {
  for (const track of picture.srcObject?.getTracks() ?? []) track.stop();
  picture.srcObject = null;
}

async function read(detector) {
  if (!dialog.open || !picture.srcObject) return;
  const [found] = await detector.detect(picture).catch(() => []);
  const code = found?.rawValue.replace(/\s/g, "");
  if (/^\d{14}$/.test(code ?? "")) {
    field.value = code;
    dialog.close();
    field.focus();
    return;
  }
  setTimeout(() => read(detector), EVERY_MS);
}

async function open() {
  sentence.textContent = invitation;
  dialog.showModal();
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment" } });
    picture.srcObject = stream;
    if (!dialog.open) return close();
    await picture.play();
    read(new window.BarcodeDetector({ formats: ["qr_code"] }));
  } catch {
    close();
    if (dialog.open) sentence.textContent = sentence.dataset.denied;
  }
}

button.addEventListener("click", open);
dialog.addEventListener("close", close);
dialog.querySelector("button").addEventListener("click", () => dialog.close());
button.hidden = !(await readable());
