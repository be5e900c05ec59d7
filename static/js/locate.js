// <button hidden data-locate="id of the field" data-located="…" data-not-located="…">; writes "lng,lat" (WGS-84) into the field.

const announcer = document.getElementById("announcer");

if (navigator.geolocation) {
  for (const button of document.querySelectorAll("button[data-locate]")) {
    const field = document.getElementById(button.dataset.locate);
    const say = (sentence) => { button.textContent = announcer.textContent = sentence; };
    button.hidden = false;
    button.addEventListener("click", () => {
      navigator.geolocation.getCurrentPosition(
        ({ coords }) => {
          field.value = `${coords.longitude.toFixed(6)},${coords.latitude.toFixed(6)}`;
          say(button.dataset.located);
        },
        () => say(button.dataset.notLocated),
        { timeout: 10000 },
      );
    });
  }
}
