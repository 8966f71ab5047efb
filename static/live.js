// Parts of a page that change by themselves:
//   <div id="…" data-live="TOPIC TOPIC" hx-get="…" hx-trigger="live" hx-swap="morph:innerHTML">
// One stream for all topics of the page says which of them changed; htmx asks for the parts that
// show them. A part is asked for at once, then at most twice a second and never for more than a fifth
// of the time, so that a slow server is asked less. A hidden page asks for nothing.
(() => {
  "use strict";

  // Milliseconds between two requests for one part: what changes right after one is seen within a
  // second as well, with the server's own fifth.
  const EVERY = 500;
  const MOST = 300; // topics of one stream, as the server has it
  const LONGEST = 12000; // characters of them; servers refuse addresses of 16 KiB
  const SHARE = 4; // a part rests this many times as long as its last request took
  const PATIENCE = 4000; // milliseconds for one part, or for a stream to begin
  const SILENCE = 15000; // the server speaks every 5 s: after this the stream is dead
  const HIDDEN = 30000; // a page that is hidden for so long needs no stream
  const url = document.body.dataset.liveUrl;
  const states = new WeakMap(); // of parts: {next, timer, dirty, began}
  let source = null;
  let coarsely = false; // whether it hears of registries instead of their services
  let listened = ""; // the topics of the open stream
  let heard = 0;
  let begun = false; // whether the open stream has said anything
  let tries = 0;
  let retry = 0;
  let leave = 0;

  const parts = () => [...document.querySelectorAll("[data-live]")];
  const topicsOf = (part) => part.dataset.live.split(/\s+/).filter(Boolean);
  const stateOf = (part) => {
    if (!states.has(part)) states.set(part, { next: 0, timer: 0, dirty: false, began: 0 });
    return states.get(part);
  };

  const sign = (state) => {
    for (const one of document.querySelectorAll("[data-live-sign]")) {
      one.dataset.state = state;
      one.title = one.dataset[state] ?? "";
    }
  };

  const refresh = (part) => {
    const state = stateOf(part);
    if (document.hidden) {
      state.dirty = true;
      return;
    }
    if (state.timer) return;
    const wait = Math.max(0, state.next - performance.now());
    state.timer = setTimeout(() => {
      state.timer = 0;
      if (!part.isConnected) return;
      state.dirty = false;
      state.next = performance.now() + EVERY;
      htmx.trigger(part, "live");
    }, wait);
  };

  // Also of requests that a part makes by itself, by a delay or a filter.
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.target.dataset?.live) stateOf(event.target).began = performance.now();
  });
  // A connection that died without a word would be waited for without end.
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.target.dataset?.live) event.detail.timeout = PATIENCE;
  });
  for (const failure of ["htmx:timeout", "htmx:sendError"]) {
    document.addEventListener(failure, (event) => {
      if (event.target.dataset?.live) refresh(event.target);
    });
  }
  document.addEventListener("htmx:afterRequest", (event) => {
    const part = event.target;
    if (!part.dataset?.live || !states.has(part)) return;
    const state = stateOf(part);
    const now = performance.now();
    state.next = Math.max(state.next, now + SHARE * (now - state.began));
  });

  const close = () => {
    source?.close();
    source = null;
    listened = "";
    clearTimeout(retry);
  };

  // What does not fit into an address is heard of less precisely: services by their registries, and
  // of what is left over a part hears when another of its topics changes.
  const coarse = (topic) => topic.replace(/^service:([^/]+).*/, "registry:$1");
  const fits = (query) => query.length <= MOST && query.join("&").length <= LONGEST;
  const ask = (topics) => [...new Set(topics)].sort().map((one) => `t=${encodeURIComponent(one)}`);
  const asked = () => {
    const topics = parts().flatMap(topicsOf);
    let query = ask(topics);
    coarsely = !fits(query);
    if (coarsely) query = ask(topics.map(coarse));
    while (!fits(query)) {
      const many = query.findLastIndex((one) => /^t=(gateway|registry)/.test(one));
      query.splice(many, 1);
    }
    return query.join("&");
  };

  const open = () => {
    const wanted = asked();
    if (source && wanted === listened && source.readyState !== EventSource.CLOSED) return;
    close();
    if (!wanted) return;
    listened = wanted;
    heard = performance.now();
    begun = false;
    source = new EventSource(`${url}?${wanted}`);
    source.addEventListener("ready", () => {
      heard = performance.now();
      begun = true;
      tries = 0;
      sign("on");
      parts().forEach(refresh);
    });
    source.addEventListener("beat", () => {
      heard = performance.now();
    });
    source.addEventListener("changed", (event) => {
      heard = performance.now();
      const changed = new Set(event.data.split("\n"));
      for (const part of parts()) {
        const hears = (topic) => changed.has(topic) || (coarsely && changed.has(coarse(topic)));
        if (topicsOf(part).some(hears)) refresh(part);
      }
    });
    source.addEventListener("error", () => {
      sign("away");
      if (source?.readyState !== EventSource.CLOSED) return; // the browser tries by itself
      close();
      const wait = Math.min(30000, 1000 * 2 ** tries++) * (0.5 + Math.random());
      retry = setTimeout(open, wait);
    });
  };

  // A stream that went silent without an end: the laptop slept, a proxy forgot it. The first tries
  // may go through old connections that are as dead.
  setInterval(() => {
    // Longer each time: a server that is slow to answer many at once is not asked more often for it.
    const patience = begun ? SILENCE : PATIENCE * 1.5 ** Math.min(tries, 8);
    if (source && performance.now() - heard > patience) {
      close();
      sign("away");
      tries++;
      open();
    }
  }, 1000);

  document.addEventListener("visibilitychange", () => {
    clearTimeout(leave);
    if (document.hidden) {
      leave = setTimeout(close, HIDDEN);
      return;
    }
    open();
    for (const part of parts()) if (stateOf(part).dirty) refresh(part);
  });
  // A page that comes back from the browser's memory has lost its stream.
  window.addEventListener("pageshow", (event) => event.persisted && open());
  window.addEventListener("pagehide", close);
  // A part that came or went has other topics.
  document.addEventListener("htmx:afterSettle", () => source && open());

  // <tr data-flash="STATE">: shines for a moment when its state is another than before the swap.
  const before = new WeakMap(); // of parts: state by id. Several parts may be on their way at once
  const flashing = (root) => [...root.querySelectorAll("[data-flash][id]")];
  document.addEventListener("htmx:beforeSwap", (event) => {
    before.set(event.target, new Map(flashing(event.target).map((one) => [one.id, one.dataset.flash])));
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    const states = before.get(event.target);
    for (const one of states ? flashing(event.target) : []) {
      if (states.has(one.id) && states.get(one.id) !== one.dataset.flash) {
        one.classList.add("changed");
        one.addEventListener("animationend", () => one.classList.remove("changed"), { once: true });
      }
    }
    before.delete(event.target);
  });

  // What was unfolded stays so, also when it was away for a moment and comes back.
  const unfolded = new Set(); // ids of <details>
  document.addEventListener("click", (event) => {
    const box = event.target.closest("summary")?.parentElement;
    if (!box?.id) return;
    if (box.open) unfolded.delete(box.id);
    else unfolded.add(box.id);
  });
  document.addEventListener("htmx:afterSwap", (event) => {
    for (const box of event.target.querySelectorAll("details[id]:not([open])")) {
      if (unfolded.has(box.id)) box.open = true;
    }
  });

  open();
})();
