// Who chose no theme gets the system's. Loaded before anything is painted, so that nothing flashes;
// a chosen theme comes from the server with the page.
(() => {
  "use strict";

  const root = document.documentElement;
  if (root.dataset.bsTheme) return;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = () => root.setAttribute("data-bs-theme", dark.matches ? "dark" : "light");
  follow();
  dark.addEventListener("change", follow);
})();
