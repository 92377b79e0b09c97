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
  for (const input of document.querySelectorAll("[data-sora] input[type=file]")) {
    input.addEventListener("change", () => preview(input));
  }
  document.getElementById("aspect")?.addEventListener("change", (event) => (event.target.dataset.chosen = ""));
}

async function send(form, button) {
  const asks = form.matches("[data-sora]");
  form.ariaBusy = "true";
  try {
    const answer = await fetch(form.action, {
      method: "POST",
      headers: { Accept: "application/json" },
      body: asks ? new FormData(form) : new URLSearchParams(new FormData(form, button)),
    });
    const { said, cards = [] } = await answer.json();
    if (asks) document.getElementById("refusal").textContent = answer.ok ? "" : said;
    if (!answer.ok) {
      if (!asks) say(said, true);
      return;
    }
    form.elements.key.value = crypto.randomUUID();
    if (asks) empty(form);
    else form.querySelectorAll("[data-asks]").forEach((question) => (question.open = false));
    cards.forEach(place);
    say(said);
  } catch {
    say(UNHEARD, true);
  } finally {
    form.ariaBusy = "false";
  }
}

function empty(form) {
  form.elements.prompt.value = "";
  for (const input of form.querySelectorAll("input[type=file]")) {
    input.value = "";
    preview(input);
  }
}

// The browser has decoded it already, so nothing is asked for again.
async function preview(input) {
  const canvas = input.parentElement.querySelector("canvas"), file = input.files[0];
  const picture = file && await createImageBitmap(file).catch(() => null);
  if (input.files[0] !== file) return; // another was chosen meanwhile
  canvas.hidden = !picture;
  if (!picture) return;
  if (input.name === "image") suit(picture.width / picture.height);
  const scale = Math.min(1, 320 / Math.max(picture.width, picture.height));
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
}

// The shape that cuts least off the picture, unless a person has chosen one.
function suit(shape) {
  const aspect = document.getElementById("aspect");
  if ("chosen" in aspect.dataset) return;
  const off = ({ value }) => Math.abs(Math.log((shape * value.split(":")[1]) / value.split(":")[0]));
  [...aspect.options].sort((one, other) => off(one) - off(other))[0].selected = true;
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
  if (event.target.matches("[data-asks][open]")) event.target.querySelector("select, textarea, button")?.focus();
}

function chooseModel(select) {
  const { about, aspects, ranges, can, styles } = JSON.parse(select.selectedOptions[0].dataset.limits);
  document.getElementById("about").textContent = about;
  const aspect = document.getElementById("aspect"), before = aspect.value;
  aspect.replaceChildren(...aspects.map((name) => new Option(name, name, false, name === before)));
  const style = document.getElementById("style"), worn = style.value;
  style.replaceChildren(...styles.map(([name, title]) => new Option(title, name, false, name === worn)));
  for (const [name, yes] of Object.entries(can)) {
    const field = document.querySelector(`[data-field="${name}"]`), input = field.querySelector("input");
    field.hidden = !yes;
    if (input) input.disabled = !yes; // what can't be seen isn't sent
  }
  for (const [name, { low, high, default: usual }] of Object.entries(ranges)) {
    Object.assign(document.getElementById(name), { min: low, max: high, placeholder: usual });
  }
}
