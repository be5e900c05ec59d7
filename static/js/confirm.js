// Asks before a form with data-confirm="question" is sent. Without this script the form is sent as it is:
// whatever moves money therefore has its own confirming step on the server.
// data-confirm-button names the agreeing button; data-confirm-danger makes it red.

const dialog = document.getElementById("confirmation");
const question = document.getElementById("confirmation-text");
const [no, yes] = dialog.querySelectorAll("button");
const confirmWord = yes.textContent;
const confirmed = new WeakSet();
let waiting = null;

document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (!form.dataset.confirm || confirmed.delete(form)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    waiting = { form, submitter: event.submitter };
    question.textContent = form.dataset.confirm;
    yes.textContent = form.dataset.confirmButton ?? confirmWord;
    yes.classList.toggle("btn-danger", "confirmDanger" in form.dataset);
    dialog.showModal();
    no.focus();
  },
  { capture: true },
);

no.addEventListener("click", () => dialog.close());
yes.addEventListener("click", () => {
  dialog.close();
  confirmed.add(waiting.form);
  waiting.form.requestSubmit(waiting.submitter);
});
