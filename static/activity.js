// A timeline that is read is not moved: <div data-timeline data-live="…" hx-get="…"> is asked for
// anew only while its top is in sight and nothing in it is unfolded. Else only word of new entries is
// asked for: `peek` is the place of the newest that is shown (the first [data-place]).
(() => {
  "use strict";

  const NEAR = 120; // pixels that are scrolled without anybody reading further down

  document.addEventListener("htmx:configRequest", (event) => {
    const list = event.detail.elt;
    if (!list.matches?.("[data-timeline]")) return;
    const newest = list.querySelector("[data-place]");
    const reading = window.scrollY > NEAR || list.querySelector("details[open]");
    if (newest && reading) event.detail.parameters.peek = newest.dataset.place;
  });

  // What was new is on the page now.
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.detail.target?.matches?.("[data-timeline]")) {
      document.getElementById("news").replaceChildren();
    }
  });
})();
