// Clips run, muted, while they can be seen; controls come with the pointer or the focus.

const still = matchMedia("(prefers-reduced-motion: reduce)");
const seen = new IntersectionObserver((entries) => entries.forEach(({ target, isIntersecting }) => run(target, isIntersecting)), { threshold: 0.4 });

export function readyClips(within = document) {
  for (const video of within.querySelectorAll("video")) {
    seen.unobserve(video);
    video.poster = video.poster; // a clip that came over the wire has not asked for its picture yet
    if (!still.matches) video.controls = video.matches(":hover, :focus");
    video.tabIndex = video.closest(".spoiler") ? -1 : 0;
    seen.observe(video);
  }
}

for (const type of ["pointerover", "focusin"]) document.addEventListener(type, (event) => controls(event, true));
for (const type of ["pointerout", "focusout"]) document.addEventListener(type, (event) => controls(event, still.matches));
document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-reveal]");
  if (button) reveal(button);
});

function run(video, inView) {
  if (!inView) return video.pause();
  if (!still.matches && !video.closest(".spoiler")) video.play().catch(() => {}); // a browser may refuse
}

function controls({ target }, on) {
  const video = target.closest?.("[data-clip]:not(.spoiler) video");
  if (video) video.controls = on || video.matches(":hover, :focus");
}

function reveal(button) {
  const clip = button.closest(".spoiler"), video = clip.querySelector("video");
  clip.classList.remove("spoiler");
  button.remove();
  video.tabIndex = 0;
  video.controls = true;
  video.focus();
  if (!still.matches) video.play().catch(() => {});
}
