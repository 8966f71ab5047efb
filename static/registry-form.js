// Tests the connection of a service registry row by row, and puts into the fields of its form what a
// kubeconfig or a certificate says. Without it both work as well, a page at a time.
(() => {
  "use strict";

  const fill = (id, value) => {
    const field = document.getElementById(id);
    if (!field || field.value === value) return;
    field.value = value;
    const fold = field.closest("details");
    if (fold) fold.open = true;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    field.classList.add("filled");
    setTimeout(() => field.classList.remove("filled"), 1500);
  };

  // <input type="hidden" data-prefill="id of a field"> in what htmx has brought.
  document.addEventListener("htmx:afterSwap", (event) => {
    for (const one of event.detail.target.querySelectorAll("[data-prefill]"))
      fill(one.dataset.prefill, one.value);
  });

  // <button data-fill="id of a field" data-value="…">: then the test is one key away.
  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-fill]");
    if (!button) return;
    fill(button.dataset.fill, button.dataset.value);
    [...document.querySelectorAll("[data-trial]")].find((one) => one.checkVisibility())?.focus();
  });

  // <button data-trial="#panel" formaction="…">: the answer is a line of JSON for every row.
  const WORSE = ["passed", "noted", "skipped", "failed"];
  const clear = (panel) => {
    panel.querySelector("[data-trial-said]").replaceChildren();
    for (const stage of panel.querySelectorAll("[data-stage]")) {
      delete stage.dataset.state;
      stage.querySelector(".trial-rows").replaceChildren();
    }
  };
  const show = (panel, line) => {
    const said = panel.querySelector("[data-trial-said]");
    if (line.refused || line.end) {
      said.innerHTML = line.html;
      return;
    }
    const stage = panel.querySelector(`[data-stage="${line.step}"]`);
    if (line.state === "running") {
      stage.dataset.state ??= "running";
      return;
    }
    const before = stage.dataset.state;
    if (WORSE.indexOf(line.state) > WORSE.indexOf(before)) stage.dataset.state = line.state;
    stage.querySelector(".trial-rows").insertAdjacentHTML("beforeend", line.html);
  };
  const read = async (response, take) => {
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const line of lines) take(JSON.parse(line));
    }
  };

  let running = null;
  document.addEventListener("submit", async (event) => {
    const button = event.submitter;
    if (!button?.dataset.trial) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    running?.abort();
    const mine = new AbortController();
    running = mine;
    const panel = document.querySelector(button.dataset.trial);
    clear(panel);
    panel.hidden = false;
    panel.setAttribute("aria-busy", "true");
    panel.scrollIntoView({ block: "nearest" });
    try {
      const own = button.hasAttribute("formaction");
      const response = await fetch(own ? button.formAction : event.target.action, {
        method: "POST",
        body: new FormData(event.target),
        headers: { Accept: "application/x-ndjson" },
        signal: mine.signal,
      });
      if (!response.ok) throw new Error(response.statusText);
      if (response.redirected) return location.reload();
      await read(response, (line) => show(panel, line));
    } catch (error) {
      if (error.name === "AbortError") return;
      panel.querySelector("[data-trial-said]").textContent = panel.dataset.failed;
    } finally {
      if (running === mine) panel.removeAttribute("aria-busy");
    }
  }, true);
})();
