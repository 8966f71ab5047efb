// "/" leads to the field that finds anything, from wherever nothing is being typed.
(() => {
  "use strict";

  const typing = (element) =>
    element.isContentEditable || element.matches("input, textarea, select, [role=textbox]");

  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(event.target)) return;
    const field = document.querySelector("#id_find") ?? document.querySelector("[data-jump]");
    if (!field?.checkVisibility()) return;
    event.preventDefault();
    field.focus();
    field.select();
  });
})();
