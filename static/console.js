// Small helpers of the console's pages. Everything is found by data attributes; nothing here knows
// a page.
(() => {
  "use strict";

  // What only eyes would see is said to screen readers as well.
  const speak = (text) => {
    const place = document.querySelector("[data-spoken]");
    if (!place) return;
    place.textContent = "";
    setTimeout(() => (place.textContent = text), 50); // said again only if it was gone in between
  };

  // <button data-copy="text">. A browser has no clipboard for a page that came by plain HTTP from
  // another machine: there the text is selected and copied as by hand.
  const copyByHand = (text, button) => {
    const field = document.createElement("textarea");
    field.value = text;
    field.readOnly = true;
    field.className = "visually-hidden";
    button.after(field);
    field.focus({ preventScroll: true });
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    button.focus({ preventScroll: true });
    return done;
  };
  const copy = async (text, button) => {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      return copyByHand(text, button);
    }
  };
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    if (!(await copy(button.dataset.copy, button))) {
      say(document.body.dataset.notCopied);
      return;
    }
    speak(document.body.dataset.copied);
    const icon = button.querySelector(".ti");
    icon?.classList.replace("ti-copy", "ti-check");
    setTimeout(() => icon?.classList.replace("ti-check", "ti-copy"), 1500);
  });

  // <form data-confirm="question">
  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.confirm;
    if (question && !window.confirm(question)) event.preventDefault();
  });

  // A form is sent once, and is seen to be on its way until the next page comes.
  const rest = () => {
    for (const form of document.querySelectorAll("form[aria-busy]")) {
      form.removeAttribute("aria-busy");
      form.querySelector(".btn-loading")?.classList.remove("btn-loading");
    }
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if (form.hasAttribute("aria-busy")) event.preventDefault();
    // Who else takes the event, takes it after this.
    setTimeout(() => {
      if (event.defaultPrevented) return;
      form.setAttribute("aria-busy", "true");
      event.submitter?.classList.add("btn-loading");
      speak(document.body.dataset.sending);
    });
  });
  window.addEventListener("pageshow", rest); // a page comes back as it was left
  // Who is asked whether to leave, and stays, has sent nothing.
  window.addEventListener("beforeunload", (event) => {
    setTimeout(() => event.defaultPrevented && rest());
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && rest());

  // The session has ended: go to the login with the whole page, not with a part of it.
  document.addEventListener("htmx:beforeSwap", (event) => {
    if (new URL(event.detail.xhr.responseURL).pathname.startsWith("/login/")) {
      event.preventDefault();
      location.reload();
    }
  });

  // What failed beside the page is said at its edge; the part that it was for stays as it is.
  const say = (text) => {
    const place = document.querySelector(".toasts");
    if (!place || [...place.children].some((one) => one.dataset.said === text)) return;
    const toast = document.createElement("div");
    toast.className = "alert alert-danger alert-dismissible";
    toast.setAttribute("role", "alert");
    toast.dataset.said = text;
    toast.dataset.toast = "";
    const words = document.createElement("div");
    words.className = "break";
    words.textContent = text;
    const close = document.createElement("button");
    close.type = "button";
    close.className = "btn-close";
    close.dataset.bsDismiss = "alert";
    close.setAttribute("aria-label", document.body.dataset.close);
    toast.append(words, close);
    place.append(toast);
  };
  // A live part that fails is no event: live.js shows that the page is not live, and asks again.
  const byHand = (event) => !event.target.hasAttribute?.("data-live");
  document.addEventListener("htmx:responseError", (event) => {
    if (!byHand(event)) return;
    const { status } = event.detail.xhr;
    const { gone, forbidden, failed } = document.body.dataset;
    say({ 403: forbidden, 404: gone }[status] ?? failed.replace("%s", status));
  });
  document.addEventListener("htmx:sendError", (event) => {
    if (byHand(event)) say(document.body.dataset.away);
  });

  // This tab stays in the control plane that it shows, whatever another tab switches to.
  const shown = document.body.dataset.controlPlane;
  if (shown) {
    document.addEventListener("htmx:configRequest", (event) => {
      event.detail.headers["X-Control-Plane"] = shown;
    });
    document.addEventListener("submit", (event) => {
      const form = event.target;
      if ((form.getAttribute("method") ?? "").toLowerCase() !== "post") return;
      if (form.querySelector(":scope > [name=shown_control_plane]")) return;
      const field = document.createElement("input");
      field.type = "hidden";
      field.name = "shown_control_plane";
      field.value = shown;
      form.append(field);
    });
  }

  // <div data-show-when="kind=static"> follows the fields of that name in its [data-scope]; of
  // several conditions, separated by blanks, all must hold.
  const show = (scope) => {
    for (const part of scope.querySelectorAll("[data-show-when]")) {
      if (part.closest("[data-scope]") !== scope) continue;
      part.hidden = !part.dataset.showWhen.split(" ").every((condition) => {
        const [name, values] = condition.split("=");
        const fields = [...scope.querySelectorAll(`[name="${name}"], [name$="-${name}"]`)];
        const chosen = fields.filter((field) => field.type !== "radio" || field.checked);
        return chosen.some((field) => values.split("|").includes(field.value));
      });
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
