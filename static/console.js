// Small helpers of the console's pages. Everything is found by data attributes; nothing here knows
// a page.
(() => {
  "use strict";

  // <button data-copy="text">
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    await navigator.clipboard.writeText(button.dataset.copy);
    const icon = button.querySelector(".ti");
    icon?.classList.replace("ti-copy", "ti-check");
    setTimeout(() => icon?.classList.replace("ti-check", "ti-copy"), 1500);
  });

  // <form data-confirm="question">
  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });

  // A hidden page asks for nothing: <div data-poll hx-trigger="every 2s">
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (document.hidden && event.target.hasAttribute("data-poll")) event.preventDefault();
  });

  // The session has ended: go to the login with the whole page, not with a part of it.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (new URL(event.detail.xhr.responseURL).pathname.startsWith("/login/")) {
      event.preventDefault();
      location.reload();
    }
  });

  // <div data-show-when="kind=static"> follows the fields of that name in its [data-scope].
  const show = (scope) => {
    for (const part of scope.querySelectorAll("[data-show-when]")) {
      if (part.closest("[data-scope]") !== scope) continue;
      const [name, values] = part.dataset.showWhen.split("=");
      const fields = [...scope.querySelectorAll(`[name="${name}"], [name$="-${name}"]`)];
      const chosen = fields.filter((field) => field.type !== "radio" || field.checked);
      part.hidden = !chosen.some((field) => values.split("|").includes(field.value));
    }
  };
  const showAll = (root) => root.querySelectorAll("[data-scope]").forEach(show);
  document.addEventListener("change", (event) => {
    const scope = event.target.closest("[data-scope]");
    if (scope) show(scope);
  });

  // Rows of a formset: [data-rows=prefix] holds [data-row]s, <template data-row-template=prefix>
  // a new one, [data-row-add=prefix] adds it, [data-row-remove] takes its row away.
  document.addEventListener("click", (event) => {
    const add = event.target.closest("[data-row-add]");
    const remove = event.target.closest("[data-row-remove]");
    if (add) {
      const prefix = add.dataset.rowAdd;
      const total = document.getElementById(`id_${prefix}-TOTAL_FORMS`);
      const rows = document.querySelector(`[data-rows="${prefix}"]`);
      const html = document.querySelector(`[data-row-template="${prefix}"]`).innerHTML;
      const number = total ? total.value : rows.children.length;
      rows.insertAdjacentHTML("beforeend", html.replaceAll("__prefix__", number));
      if (total) total.value = Number(total.value) + 1;
      const row = rows.lastElementChild;
      htmx.process(row);
      document.dispatchEvent(new CustomEvent("portolan:added", { detail: row }));
      showAll(rows);
      row.querySelector("input:not([type=hidden]), select, textarea")?.focus();
    } else if (remove) {
      const row = remove.closest("[data-row]");
      const mark = row.querySelector('input[name$="-DELETE"]');
      if (mark) {
        mark.checked = true;
        row.hidden = true;
      } else {
        row.remove();
      }
    }
  });

  // A filter form sends itself: <form data-auto-submit>
  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-auto-submit]");
    if (form && event.target.matches("select, [type=checkbox]")) form.requestSubmit();
  });

  showAll(document);
})();
