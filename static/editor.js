// Long forms that one may trust: what was typed is not lost by leaving, the parts of the form are
// beside it, folded parts say what they hold, and rows can be taken away without losing the focus.
(() => {
  "use strict";

  // <form data-unsaved>: asks before it is left with changes. data-unsaved="typed": it came back
  // with errors, so that it holds changes from the start.
  const form = document.querySelector("form[data-unsaved]");
  const typed = () => {
    const fields = [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken");
    return JSON.stringify(fields.map(([name, value]) => [name, String(value)]));
  };
  if (form) {
    let before = "";
    let leaving = false;
    // Other scripts fill in fields of their own first.
    const remember = () => {
      before = form.dataset.unsaved === "typed" ? null : typed();
    };
    window.addEventListener("load", remember, { once: true });
    form.addEventListener("submit", () => {
      leaving = true;
    });
    window.addEventListener("pageshow", () => {
      leaving = false;
    });
    window.addEventListener("beforeunload", (event) => {
      if (!leaving && before !== typed()) event.preventDefault();
    });
  }

  // <nav data-blocks>: which part of the form is being read.
  const links = [...document.querySelectorAll("[data-blocks] a[href^='#']")];
  const blocks = links.map((link) => document.querySelector(link.hash)).filter(Boolean);
  if (blocks.length) {
    const mark = () => {
      const edge = window.innerHeight / 3;
      const end = window.innerHeight + window.scrollY >= document.body.scrollHeight - 4;
      const passed = blocks.filter((block) => block.getBoundingClientRect().top <= edge);
      const now = end ? blocks.at(-1) : (passed.at(-1) ?? blocks[0]);
      for (const link of links) {
        const here = link.hash === `#${now.id}`;
        link.parentElement.classList.toggle("active", here);
        if (here) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      }
    };
    window.addEventListener("scroll", mark, { passive: true });
    mark();
  }

  // <details><summary>… <span data-fold-now>: what the folded part holds now, in its own words.
  const words = (field) => {
    if (field.closest("[hidden]") || field.type === "hidden") return "";
    const label = document.querySelector(`label[for="${field.id}"]`)?.textContent.trim() ?? "";
    if (field instanceof HTMLSelectElement) {
      const chosen = field.selectedOptions[0]?.textContent ?? "";
      return field.value ? chosen : `${label} ${chosen}`; // “off” alone does not say what is off
    }
    const unit = field.dataset.unit ? ` ${field.dataset.unit}` : "";
    return field.value.trim() ? `${label} ${field.value.trim()}${unit}` : "";
  };
  const sum = (fold) => {
    const place = fold.querySelector(":scope > summary [data-fold-now]");
    const fields = [...fold.querySelectorAll("select, input[type=text], input[type=number]")];
    if (place) place.textContent = fields.map(words).filter(Boolean).slice(0, 4).join(" · ");
  };
  const folds = [...document.querySelectorAll("details.fold")];
  folds.forEach(sum);
  document.addEventListener("change", (event) => {
    const fold = event.target.closest("details.fold");
    // After what hides and shows fields by it.
    if (fold) setTimeout(() => sum(fold));
  });

  // A row that was taken away hands its focus on.
  document.addEventListener(
    "click",
    (event) => {
      const remove = event.target.closest("[data-row-remove]");
      const row = remove?.closest("[data-row]");
      const rows = row?.closest("[data-rows]");
      if (!rows) return;
      const shown = [...rows.children].filter((one) => !one.hidden);
      const place = shown.indexOf(row);
      const next = shown[place + 1] ?? shown[place - 1];
      setTimeout(() => {
        const add = document.querySelector(`[data-row-add="${rows.dataset.rows}"]`);
        (next?.querySelector("[data-row-remove]") ?? add)?.focus();
        rows.dispatchEvent(new Event("change", { bubbles: true }));
      });
    },
    true,
  );
})();
