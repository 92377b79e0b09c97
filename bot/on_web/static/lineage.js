// The drawn lineage. Its frame scrolls and its jobs are links without any of this; here come zooming,
// dragging, pinching, and arrows that go from job to job.

const LEAST = 0.2, MOST = 3, STEP = 1.25, DRAGGED = 4, MARGIN = 24;
const still = matchMedia("(prefers-reduced-motion: reduce)");

export function readyLineage() {
  const frame = document.querySelector("[data-lineage]");
  if (!frame) return;
  const svg = frame.querySelector("svg"), spots = [...svg.querySelectorAll("[data-up]")];
  const { width, height } = svg.viewBox.baseVal;
  const here = spots.find((spot) => spot.matches(".current")) ?? spots[0];
  let scale = 1;

  // The point of the drawing at these coordinates of the window stays where it is.
  function zoom(to, x, y) {
    const before = svg.getBoundingClientRect();
    const across = (x - before.left) / scale, down = (y - before.top) / scale;
    scale = Math.min(Math.max(to, LEAST), MOST);
    svg.setAttribute("width", width * scale);
    svg.setAttribute("height", height * scale);
    const after = svg.getBoundingClientRect();
    frame.scrollLeft += after.left + across * scale - x;
    frame.scrollTop += after.top + down * scale - y;
  }

  function zoomBy(factor) {
    const { left, top, width, height } = frame.getBoundingClientRect();
    zoom(scale * factor, left + width / 2, top + height / 2);
  }

  function showAll() {
    zoom(Math.min(frame.clientWidth / width, frame.clientHeight / height, 1), 0, 0);
    frame.scrollTo(0, 0);
  }

  function center(spot) {
    const inner = spot.getBoundingClientRect(), outer = frame.getBoundingClientRect();
    frame.scrollLeft += inner.left + inner.width / 2 - outer.left - frame.clientWidth / 2;
    frame.scrollTop += inner.top + inner.height / 2 - outer.top - frame.clientHeight / 2;
  }

  function reveal(spot) {
    const inner = spot.getBoundingClientRect(), outer = frame.getBoundingClientRect();
    const off = (start, end, from, to) => Math.min(start - MARGIN - from, 0) || Math.max(end + MARGIN - to, 0);
    glide(
      off(inner.left, inner.right, outer.left, outer.right),
      off(inner.top, inner.bottom, outer.top, outer.bottom),
    );
  }

  function glide(left, top) {
    frame.scrollBy({ left, top, behavior: still.matches ? "instant" : "smooth" });
  }

  function go(spot) {
    if (!spot) return;
    spot.focus({ preventScroll: true });
    reveal(spot);
  }

  function next(from, key) {
    const middle = (spot) => {
      const { top, height } = spot.firstElementChild.nextElementSibling.getBoundingClientRect();
      return top + height / 2;
    };
    const nearest = (found) => found.sort((a, b) => Math.abs(middle(a) - middle(from)) - Math.abs(middle(b) - middle(from)))[0];
    if (key === "ArrowLeft") return spots[from.dataset.up];
    if (key === "ArrowRight") return nearest(spots.filter((spot) => Number(spot.dataset.up) === spots.indexOf(from)));
    if (key === "Home") return here;
    const way = { ArrowUp: -1, ArrowDown: 1 }[key];
    const beside = spots.filter((spot) => spot.dataset.column === from.dataset.column);
    return nearest(beside.filter((spot) => (middle(spot) - middle(from)) * way > 0));
  }

  for (const spot of spots) spot.setAttribute("tabindex", spot === here ? 0 : -1);
  frame.addEventListener("focusin", ({ target }) => {
    for (const spot of spots) spot.setAttribute("tabindex", spot === target ? 0 : -1);
  });
  frame.addEventListener("keydown", (event) => {
    const from = event.target.closest("[data-up]");
    if (!from || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "+" || event.key === "=") zoomBy(STEP), reveal(from);
    else if (event.key === "-" || event.key === "−") zoomBy(1 / STEP), reveal(from);
    else if (event.key === "0") showAll();
    else if (/^(Arrow|Home)/.test(event.key)) go(next(from, event.key));
    else return;
    event.preventDefault();
  });
  frame.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return; // it scrolls; trackpads say a pinch like this
    event.preventDefault();
    zoom(scale * Math.exp(-event.deltaY / 300), event.clientX, event.clientY);
  }, { passive: false });
  pinching(frame, (factor, x, y) => zoom(scale * factor, x, y));
  dragging(frame);

  const section = frame.closest("section");
  section.addEventListener("click", ({ target }) => {
    const { zoom: how, pan } = target.closest("button")?.dataset ?? {};
    if (how === "in") zoomBy(STEP);
    if (how === "out") zoomBy(1 / STEP);
    if (how === "all") showAll();
    if (how === "here") center(here);
    if (!pan) return;
    const [x, y] = pan.split(" ").map(Number);
    glide((x * frame.clientWidth) / 2, (y * frame.clientHeight) / 2);
  });
  for (const part of section.querySelectorAll("[data-moving]")) part.hidden = false;
  frame.dataset.ready = "";
  center(here);
}

function pinching(frame, zoom) {
  let before = null;
  const fingers = ([one, two]) => ({
    x: (one.clientX + two.clientX) / 2,
    y: (one.clientY + two.clientY) / 2,
    apart: Math.hypot(one.clientX - two.clientX, one.clientY - two.clientY),
  });
  const pinch = (event) => {
    if (event.touches.length !== 2) return (before = null);
    event.preventDefault();
    const now = fingers(event.touches);
    if (before) {
      zoom(now.apart / before.apart, before.x, before.y);
      frame.scrollBy(before.x - now.x, before.y - now.y);
    }
    before = now;
  };
  for (const type of ["touchstart", "touchmove", "touchend"]) frame.addEventListener(type, pinch, { passive: false });
}

function dragging(frame) {
  let from = null;
  frame.addEventListener("dragstart", (event) => event.preventDefault());
  frame.addEventListener("pointerdown", ({ pointerType, button, clientX, clientY }) => {
    if (pointerType !== "mouse" || button !== 0) return;
    from = { x: clientX, y: clientY, left: frame.scrollLeft, top: frame.scrollTop };
  });
  addEventListener("pointermove", ({ clientX, clientY, buttons }) => {
    if (!(buttons & 1)) from = null;
    if (!from) return;
    if (Math.hypot(clientX - from.x, clientY - from.y) > DRAGGED) frame.dataset.dragging = "";
    if ("dragging" in frame.dataset) frame.scrollTo(from.left + from.x - clientX, from.top + from.y - clientY);
  });
  addEventListener("pointerup", () => {
    from = null;
    setTimeout(() => delete frame.dataset.dragging); // after the click that comes of it
  });
  frame.addEventListener("click", (event) => {
    if ("dragging" in frame.dataset) event.preventDefault(); // it wasn't meant to be opened
  }, true);
}
