// Plugins as rows or as one JSON object: says at once what is no JSON, formats it, and carries the
// rows over into the JSON and back.
(() => {
  "use strict";

  const box = document.querySelector("[data-plugins]");
  if (!box) return;
  const find = (name) => box.querySelector(`[data-plugins-${name}]`);
  const text = document.getElementById("id_plugins");

  const parse = (area) => {
    const config = JSON.parse(area.value.trim() || "{}");
    const object = config !== null && typeof config === "object" && !Array.isArray(config);
    if (!object) throw new TypeError(box.dataset.noObject);
    return config;
  };
  const check = (area, place) => {
    let said = "";
    try {
      parse(area);
    } catch (error) {
      said = error instanceof TypeError ? error.message : box.dataset.invalid.replace("%s", error.message);
    }
    place.textContent = said;
    area.classList.toggle("is-invalid", said !== "");
    area.setAttribute("aria-invalid", String(said !== ""));
    return said === "";
  };
  const pretty = (area) => {
    area.value = JSON.stringify(parse(area), null, 2);
  };

  const problem = (row) => row.querySelector("[data-plugin-problem]");
  const area = (row) => row.querySelector("textarea");
  box.addEventListener("change", (event) => {
    const row = event.target.closest("[data-plugin]");
    if (row && event.target === area(row)) check(event.target, problem(row));
    if (event.target === text) check(text, find("problem"));
  });
  // While it is being mended, it is said as soon as it is right.
  box.addEventListener("input", (event) => {
    const row = event.target.closest("[data-plugin]");
    if (!event.target.classList.contains("is-invalid")) return;
    if (row && event.target === area(row)) check(event.target, problem(row));
    if (event.target === text) check(text, find("problem"));
  });
  box.addEventListener("click", (event) => {
    const row = event.target.closest("[data-plugin-pretty]")?.closest("[data-plugin]");
    if (!row) return;
    if (check(area(row), problem(row))) pretty(area(row));
    else area(row).focus();
  });

  const toJson = () => {
    const all = {};
    for (const row of box.querySelectorAll("[data-plugin]")) {
      const name = row.querySelector("input").value.trim();
      if (!check(area(row), problem(row))) {
        area(row).focus();
        return false;
      }
      if (name) all[name] = parse(area(row));
    }
    text.value = Object.keys(all).length ? JSON.stringify(all, null, 2) : "";
    return true;
  };
  const toRows = () => {
    if (!check(text, find("problem"))) {
      text.focus();
      return false;
    }
    box.querySelectorAll("[data-plugin]").forEach((row) => row.remove());
    for (const [name, config] of Object.entries(parse(text))) {
      find("add").click();
      const row = [...box.querySelectorAll("[data-plugin]")].at(-1);
      row.querySelector("input").value = name;
      area(row).value = JSON.stringify(config, null, 2);
    }
    return true;
  };
  find("switch").addEventListener("click", (event) => {
    const json = find("as").value !== "json";
    if (!(json ? toJson() : toRows())) return;
    find("as").value = json ? "json" : "rows";
    find("rows").hidden = json;
    find("json").hidden = !json;
    find("add").hidden = json;
    event.currentTarget.setAttribute("aria-pressed", String(json));
    (json ? text : event.currentTarget).focus();
  });
})();
