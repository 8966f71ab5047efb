// Who chose no theme gets the system's. Loaded before anything is painted, so that nothing flashes;
// a chosen theme comes from the server with the page. Django admin's pages, whose first line is not
// ours, say it in <meta name="theme">, and have their own name for it.
(() => {
  "use strict";

  const root = document.documentElement;
  if (root.dataset.bsTheme) return;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const chosen = document.querySelector('meta[name="theme"]')?.content;
  const follow = () => {
    const theme = chosen || (dark.matches ? "dark" : "light");
    root.setAttribute("data-bs-theme", theme);
    root.setAttribute("data-theme", theme);
  };
  follow();
  dark.addEventListener("change", follow);
})();
