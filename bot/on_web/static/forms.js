// Sends forms and shows what the server says, in its own words.

import { place } from "./cards.js";
import { say } from "./say.js";

const UNHEARD = "The studio can't be reached. Try again in a moment.";

export function readyForms() {
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("[data-act], [data-sora]")) return;
    event.preventDefault();
    const enterAlone = form.matches("[data-act]") && !event.submitter?.value;
    if (form.ariaBusy !== "true" && !enterAlone) send(form, event.submitter);
  });
  document.addEventListener("keydown", onKey);
  document.addEventListener("toggle", onToggle, true);
  document.getElementById("model")?.addEventListener("change", (event) => chooseModel(event.target));
}

async function send(form, button) {
  const asks = form.matches("[data-sora]");
  form.ariaBusy = "true";
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { Accept: "application/json" },
      body: new URLSearchParams(new FormData(form, button)),
    });
    const { said, cards = [] } = await answer.json();
    if (asks) document.getElementById("refusal").textContent = answer.ok ? "" : said;
    if (!answer.ok) {
      if (!asks) say(said, true);
      return;
    }
    form.elements.key.value = crypto.randomUUID();
    if (asks) form.elements.prompt.value = "";
    else form.querySelectorAll("[data-asks]").forEach((question) => (question.open = false));
    cards.forEach(place);
    say(said);
  } catch {
    say(UNHEARD, true);
  } finally {
    form.ariaBusy = "false";
  }
}

function onKey(event) {
  if (event.key !== "Enter" || event.isComposing || !event.target.matches("textarea")) return;
  const question = event.target.closest(".question");
  if (question ? !event.shiftKey : event.ctrlKey || event.metaKey) {
    event.preventDefault();
    event.target.form.requestSubmit((question ?? event.target.form).querySelector("button[type=submit]"));
  }
}

function onToggle(event) {
  if (event.target.matches("[data-asks][open]")) event.target.querySelector("textarea, button")?.focus();
}

function chooseModel(select) {
  const { about, aspects, ranges } = JSON.parse(select.selectedOptions[0].dataset.limits);
  document.getElementById("about").textContent = about;
  const aspect = document.getElementById("aspect"), before = aspect.value;
  aspect.replaceChildren(...aspects.map((name) => new Option(name, name, false, name === before)));
  for (const [name, { low, high, default: usual }] of Object.entries(ranges)) {
    Object.assign(document.getElementById(name), { min: low, max: high, placeholder: usual });
  }
}
