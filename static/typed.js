// “What would change?” below a form: what is wrong is told at its fields too, and an answer says so
// once the form has changed since.
(() => {
  "use strict";

  const form = document.getElementById("editor");
  const answer = document.getElementById("typed");
  if (!form || !answer) return;

  // What the last answer has put at fields is taken back.
  let undo = [];

  // A field, or the note below one that consists of several.
  const placeOf = (id) => {
    const field = document.getElementById(id);
    const note = document.getElementById(`${id}_helptext`);
    return field?.closest("[data-field]") ?? note?.parentElement ?? field?.parentElement;
  };

  const tell = (wrong) => {
    const id = wrong.dataset.wrong;
    const place = id && placeOf(id);
    if (!place) return;
    const note = document.createElement("div");
    note.className = "invalid-feedback d-block";
    note.id = `${id}_typed`;
    note.textContent = wrong.querySelector("span").textContent;
    place.append(note);
    for (let fold = place.closest("details"); fold; fold = fold.parentElement.closest("details")) {
      fold.open = true;
    }
    const field = document.getElementById(id);
    const described = field?.getAttribute("aria-describedby") ?? "";
    field?.classList.add("is-invalid");
    field?.setAttribute("aria-describedby", `${described} ${note.id}`.trim());
    undo.push(() => {
      note.remove();
      field?.classList.remove("is-invalid");
      field?.setAttribute("aria-describedby", described);
    });
  };

  answer.addEventListener("htmx:afterSwap", () => {
    for (const one of undo) one();
    undo = [];
    answer.querySelectorAll("[data-wrong]").forEach(tell);
  });

  const typedOn = () => {
    const note = answer.querySelector("[data-typed-on]");
    if (note) note.hidden = false;
  };
  form.addEventListener("input", typedOn);
  form.addEventListener("change", typedOn);
})();
