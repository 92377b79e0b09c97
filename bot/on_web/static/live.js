// Listens to what changes. A hidden window lets go of its stream, because browsers allow only a few
// at once, and catches up from its last event when it is looked at again.

import { place, refetch } from "./cards.js";

const AGAIN_SECONDS = 2;
let stream = null;
let last = document.body.dataset.since;

export function listen() {
  const { live, base } = document.body.dataset;

  function open() {
    if (stream || document.hidden) return;
    stream = new EventSource(`${base}/live?${live}&since=${last}`);
    stream.addEventListener("open", () => linked(true));
    stream.addEventListener("error", () => {
      linked(false);
      if (stream?.readyState !== EventSource.CLOSED) return;
      close();
      setTimeout(again, AGAIN_SECONDS * 1000);
    });
    stream.addEventListener("card", (event) => {
      place(JSON.parse(event.data));
      if (event.lastEventId) last = event.lastEventId;
    });
    stream.addEventListener("refetch", (event) => {
      if (event.lastEventId) last = event.lastEventId;
      refetch();
    });
  }

  // A stream doesn't say why it was refused; the page does, where one has been signed out.
  async function again() {
    const page = await fetch(location.href, { redirect: "manual" }).catch(() => null);
    if (page?.status === 403) location.reload();
    else open();
  }

  function close() {
    stream?.close();
    stream = null;
  }

  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", open);
  open();
}

export function refresh(seconds) {
  setInterval(() => document.hidden || refetch().then(() => linked(true), () => linked(false)), seconds * 1000);
}

function linked(yes) {
  document.getElementById("link").hidden = yes;
  document.documentElement.dataset.linked = yes;
}
