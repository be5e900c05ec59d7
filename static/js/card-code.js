// The card's rotating code without network: RFC 6238 with SHA-256, 30 seconds, 6 digits, and its QR code.
// The page carries the secret for the holder only, and the server's real time, so a wrong phone clock does not matter.
// Where the browser has no WebCrypto (no HTTPS) the page is loaded anew instead.

const box = document.getElementById("card-code");
const qr = document.getElementById("code-qr");
const digits = document.getElementById("code-digits");
const secondsLeft = document.getElementById("code-seconds");
const period = Number(box.dataset.step);
const lead = Number(box.dataset.realNow) - Date.now();
const now = () => Math.floor((Date.now() + lead) / 1000);

let key = null;
let shown = Math.floor(now() / period);

function fromBase32(words) {
  let bits = 0;
  let value = 0;
  const bytes = [];
  for (const letter of words) {
    value = ((value << 5) | "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(letter)) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((value >> bits) & 0xff);
    }
  }
  return new Uint8Array(bytes);
}

async function digitsOf(step) {
  const message = new DataView(new ArrayBuffer(8));
  message.setBigUint64(0, BigInt(step));
  const mac = new DataView(await crypto.subtle.sign("HMAC", key, message.buffer));
  const offset = mac.getUint8(mac.byteLength - 1) & 0xf;
  return String((mac.getUint32(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

function draw(code) {
  digits.textContent = `${code.slice(-6, -3)} ${code.slice(-3)}`;
  const picture = window.qrcode(0, "M");
  picture.addData(code);
  picture.make();
  qr.innerHTML = picture.createSvgTag({ cellSize: 4, margin: 0, scalable: true });
}

async function tick() {
  const step = Math.floor(now() / period);
  secondsLeft.textContent = period - (now() % period);
  if (step === shown) return;
  shown = step;
  if (key) draw(box.dataset.number + (await digitsOf(step)));
  else location.reload();
}

if (window.crypto?.subtle) {
  key = await crypto.subtle.importKey(
    "raw", fromBase32(box.dataset.secret), { name: "HMAC", hash: "SHA-256" }, false, ["sign"],
  );
}
setInterval(tick, 500);
document.addEventListener("visibilitychange", () => { if (!document.hidden) tick(); });
