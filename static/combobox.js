// <input list="…"> as a combobox: all options of its datalist at once, narrowed while typing, free
// text always taken. The datalist is filled by htmx; without this script it works by itself.
(() => {
  "use strict";

  let open = null; // the input whose list is shown
  const panel = document.createElement("div");
  panel.className = "dropdown-menu combobox-panel";
  panel.id = "combobox-panel";
  panel.setAttribute("role", "listbox");
  document.body.append(panel);

  const options = (input) => {
    const source = document.getElementById(input.dataset.options);
    const typed = input.dataset.typing ? input.value.trim().toLowerCase() : "";
    const found = [...(source?.options ?? [])].map((one) => [one, one.value.toLowerCase()]);
    const fitting = found.filter(([, value]) => value.includes(typed));
    // What begins so comes before what only has it.
    const later = ([, value]) => Number(!value.startsWith(typed));
    return fitting.sort((one, other) => later(one) - later(other)).map(([one]) => one);
  };

  const draw = () => {
    const found = open ? options(open) : [];
    panel.replaceChildren(
      ...found.slice(0, 100).map((one, number) => {
        const item = document.createElement("div");
        item.className = "dropdown-item";
        item.id = `combobox-option-${number}`;
        item.setAttribute("role", "option");
        item.dataset.value = one.value;
        item.textContent = one.label || one.value;
        if (one.value === open.value) item.setAttribute("aria-selected", "true");
        return item;
      }),
    );
    const shown = found.length > 0;
    panel.classList.toggle("show", shown);
    if (!open) return;
    open.setAttribute("aria-expanded", String(shown));
    open.removeAttribute("aria-activedescendant");
    if (!shown) return;
    panel.setAttribute("aria-label", open.labels?.[0]?.textContent.trim() || open.ariaLabel || "");
    const box = open.getBoundingClientRect();
    panel.style.left = `${box.left + window.scrollX}px`;
    panel.style.top = `${box.bottom + window.scrollY + 2}px`;
    panel.style.minWidth = `${box.width}px`;
  };

  const show = (input) => {
    if (open === input) return;
    open = input;
    delete input.dataset.typing;
    draw();
  };

  const hide = () => {
    if (!open) return;
    open.setAttribute("aria-expanded", "false");
    open.removeAttribute("aria-activedescendant");
    open = null;
    draw();
  };

  const choose = (value) => {
    const input = open;
    input.value = value;
    hide();
    input.dispatchEvent(new Event("change", { bubbles: true }));
  };

  const move = (step) => {
    const items = [...panel.children];
    if (!items.length) return;
    const now = items.findIndex((item) => item.classList.contains("active"));
    const next = (now + step + items.length + (now < 0 && step < 0 ? 1 : 0)) % items.length;
    items[now]?.classList.remove("active");
    items[next].classList.add("active");
    items[next].scrollIntoView({ block: "nearest" });
    open.setAttribute("aria-activedescendant", items[next].id);
  };

  // The option that Enter takes: the marked one, or the only one that fits what is being typed.
  const chosen = (active) => {
    const only = panel.children.length === 1 && open.dataset.typing ? panel.firstChild : null;
    return active ?? (only?.dataset.value === open.value ? null : only);
  };

  const prepare = (root) => {
    for (const input of root.querySelectorAll("input[list]")) {
      input.dataset.options = input.getAttribute("list");
      input.removeAttribute("list");
      input.setAttribute("role", "combobox");
      input.setAttribute("aria-autocomplete", "list");
      input.setAttribute("aria-expanded", "false");
      input.setAttribute("aria-controls", panel.id);
    }
  };

  const combobox = (event) => event.target.closest?.("input[data-options]");

  document.addEventListener("focusin", (event) => {
    const input = combobox(event);
    if (input) show(input);
    else hide();
  });
  document.addEventListener("click", (event) => {
    const input = combobox(event);
    if (input) show(input);
    else if (!panel.contains(event.target)) hide();
  });
  document.addEventListener("input", (event) => {
    const input = combobox(event);
    if (!input) return;
    open = input;
    input.dataset.typing = "1";
    draw();
  });
  document.addEventListener("keydown", (event) => {
    const input = combobox(event);
    if (!input) return;
    const active = panel.querySelector(".active");
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (open !== input) show(input);
      move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && open && chosen(active)) {
      event.preventDefault();
      choose(chosen(active).dataset.value);
    } else if (event.key === "Escape" || event.key === "Tab") {
      hide();
    }
  });
  // Before the field loses the focus.
  panel.addEventListener("mousedown", (event) => {
    event.preventDefault();
    const item = event.target.closest("[role=option]");
    if (item && open) choose(item.dataset.value);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    if (open && event.target.id === open.dataset.options) draw();
  });
  document.addEventListener("portolan:added", (event) => prepare(event.detail));
  prepare(document);
})();
