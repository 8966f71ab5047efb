// The members of an upstream, in a form: their order, the share of the requests that each gets, the
// nodes that the form listens to, and the port that needs no choice.
(() => {
  "use strict";

  const list = document.querySelector("[data-members]");
  if (!list) return;
  const rows = () => [...list.children].filter((row) => !row.hidden);
  const field = (row, name) => row.querySelector(`[name$="-${name}"]`);
  const value = (row, name) => field(row, name)?.value.trim() ?? "";
  const kind = (row) => row.querySelector('[name$="-kind"]:checked')?.value;

  // Nodes that are ready now; as long as nothing is known, one.
  const nodes = (row) => {
    if (kind(row) === "static") return value(row, "host") ? 1 : 0;
    if (!value(row, "service")) return 0;
    const told = row.querySelector("[data-nodes]");
    return told ? Number(told.dataset.nodes) : 1;
  };

  const share = () => {
    const all = rows().map((row) => ({
      row,
      nodes: nodes(row),
      weight: Number(value(row, "weight")) || 0,
      priority: Number(value(row, "priority")) || 0,
      named: kind(row) === "static" ? value(row, "host") !== "" : value(row, "service") !== "",
    }));
    const able = all.filter((one) => one.nodes > 0);
    const serving = Math.max(...able.map((one) => one.priority));
    const highest = Math.max(...all.filter((one) => one.named).map((one) => one.priority));
    const load = (one) => one.nodes * one.weight;
    const whole = able.filter((one) => one.priority === serving).reduce((n, one) => n + load(one), 0);
    const { shareNow, shareFirst, shareStandby, shareNone } = list.dataset;
    const several = all.filter((one) => one.named).length > 1;
    for (const one of all) {
      let text = "";
      if (one.named && one.weight === 0) text = shareNone;
      else if (!several || !one.named) text = "";
      else if (one.nodes === 0) text = one.priority === highest ? shareFirst : shareStandby;
      else if (one.priority < serving) text = shareStandby;
      else if (whole) text = shareNow.replace("%s", Math.round((100 * load(one)) / whole));
      const place = one.row.querySelector("[data-share]");
      if (place.textContent !== text) place.textContent = text;
    }
  };

  const number = () => {
    const shown = rows();
    shown.forEach((row, place) => {
      field(row, "ORDER").value = place;
      const [up, down] = row.querySelectorAll("[data-member-move]");
      // Not `disabled`: that would take the focus away from who moves a member to the end.
      up.setAttribute("aria-disabled", String(place === 0));
      down.setAttribute("aria-disabled", String(place === shown.length - 1));
      row.querySelector(".member-moves").classList.toggle("is-only", shown.length === 1);
    });
  };

  // The nodes beside the choice change with the service that is chosen.
  const listen = (row) => {
    const part = row.querySelector("[data-live]");
    const chosen = ["registry", "namespace", "service"].map((name) => value(row, name));
    const topics = [part.dataset.rowsTopic];
    if (kind(row) === "discovery" && chosen.every(Boolean)) {
      topics.push(`service:${chosen[0]}/${chosen[1]}/${chosen[2]}`);
    }
    const wanted = topics.join(" ");
    if (part.dataset.live !== wanted) part.dataset.live = wanted;
  };

  const all = () => {
    rows().forEach(listen);
    number();
    share();
  };

  list.addEventListener("click", (event) => {
    const move = event.target.closest("[data-member-move]");
    if (!move) return;
    const shown = rows();
    const row = move.closest("[data-row]");
    const other = shown[shown.indexOf(row) + Number(move.dataset.memberMove)];
    if (!other) return;
    if (move.dataset.memberMove === "1") other.after(row);
    else other.before(row);
    move.focus();
    all();
  });
  list.addEventListener("change", all);
  list.addEventListener("input", share);
  document.addEventListener("portolan:added", all);
  document.addEventListener("htmx:afterSwap", (event) => {
    if (list.contains(event.target)) share();
  });

  // A service with one port needs no choice: <datalist data-only-choice="input's id">. Only after a
  // choice: what is stored stays as it is.
  document.addEventListener("htmx:afterSwap", (event) => {
    const source = event.target;
    const input = document.getElementById(source.dataset?.onlyChoice ?? "");
    if (!input || event.detail.requestConfig?.triggeringEvent?.type !== "change") return;
    if (input.value && input.value !== input.dataset.chosen) return;
    const only = source.options.length === 1 ? source.options[0].value : "";
    if (input.value === only) return;
    input.value = only;
    input.dataset.chosen = only;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });

  all();
})();
