// Keeps ages true while a page stays open: <time datetime="…" data-since>. The words are the
// server's, in the page's language: <body data-ago="…">.
(() => {
  "use strict";

  const [s, min, h, day, days, ago, ahead, now] = document.body.dataset.ago.split("|");
  // The server's clock counts; a page out of the browser's memory tells an old time of it.
  const [visit] = performance.getEntriesByType("navigation");
  const fresh = visit?.type !== "back_forward";
  const skew = fresh ? Number(document.body.dataset.now) - Date.now() : 0;
  const words = (seconds) => {
    const left = Math.abs(seconds);
    if (left < 2) return now;
    let text = "";
    if (left < 60) text = s.replace("%d", Math.trunc(left));
    else if (left < 3600) text = min.replace("%d", Math.trunc(left / 60));
    else if (left < 86400) text = h.replace("%d", Math.trunc(left / 3600));
    else {
      const number = Math.trunc(left / 86400);
      text = (number === 1 ? day : days).replace("%d", number);
    }
    return (seconds > 0 ? ago : ahead).replace("%s", text);
  };

  const tick = () => {
    if (document.hidden) return;
    for (const one of document.querySelectorAll("time[data-since]")) {
      const text = words((Date.now() + skew - Date.parse(one.dateTime)) / 1000);
      if (one.textContent !== text) one.textContent = text;
    }
  };
  setInterval(tick, 1000);
})();
