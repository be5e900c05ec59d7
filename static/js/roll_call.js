// "Everybody else is present": marks whoever has no mark yet. Without script each mark is chosen by hand.

const button = document.getElementById("all-present");

if (button) {
  button.hidden = false;
  button.addEventListener("click", () => {
    for (const marks of document.querySelectorAll("fieldset.marks")) {
      if (!marks.querySelector("input:checked")) marks.querySelector("input[value='present']").checked = true;
    }
  });
}
