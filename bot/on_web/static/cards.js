// Puts cards into the page. The server decides how a card looks; what a person has begun on the old
// one (words, ticks, an opened question, focus, a running clip) goes over to the new one.

import { readyClips } from "./clips.js";
import { say } from "./say.js";
import { readTimes } from "./time.js";

export function readyCards() {
  readTimes();
  setInterval(readTimes, 30_000);
  document.addEventListener("click", more);
}

export function place({ slot, place, html }) {
  const old = document.getElementById(slot);
  if (!html) return old ? vanish(old) : undefined;
  const card = parse(html);
  if (old) {
    if (old.dataset.digest !== card.dataset.digest) swap(old, card);
    return;
  }
  const list = document.querySelector(`[data-list="${place}"], [data-list="job"]`);
  if (list && enter(list, card)) {
    card.dataset.new = "";
    ready(card);
  }
}

// After too long an absence: the page's lists as the server has them now.
export async function refetch() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return;
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  for (const list of document.querySelectorAll("[data-list]")) {
    const now = fresh.querySelector(`[data-list="${list.dataset.list}"]`);
    if (!now) continue;
    if (list.dataset.list === "line") {
      if (list.innerHTML !== now.innerHTML) list.innerHTML = now.innerHTML;
      continue;
    }
    const cards = [...now.children].map((card) => document.adoptNode(card));
    const olds = new Map([...list.children].map((card) => [card.id, card]));
    for (const card of cards) keep(olds.get(card.id), card);
    list.replaceChildren(...cards);
    cards.forEach(ready);
    list.toggleAttribute("data-complete", "complete" in now.dataset);
    document.querySelector(`[data-more="${list.dataset.list}"]`)?.closest(".more").remove();
    const further = fresh.querySelector(`[data-more="${list.dataset.list}"]`)?.closest(".more");
    if (further) list.nextElementSibling.after(document.adoptNode(further));
  }
}

function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content.firstElementChild;
}

function enter(list, card) {
  if (list.dataset.list === "review" && !("waits" in card.dataset)) return false;
  if (list.dataset.list === "review" || list.dataset.list === "job") {
    const last = list.lastElementChild, goesOn = !("complete" in list.dataset);
    if (goesOn && last && Number(card.dataset.order) > Number(last.dataset.order)) return false;
    list.append(card); // the longest waiting stays on top, and nothing moves under a pointer
    return true;
  }
  const order = Number(card.dataset.order);
  const older = [...list.children].find((other) => Number(other.dataset.order) < order);
  if (!older && list.children.length && !("complete" in list.dataset)) return false;
  list.insertBefore(card, older ?? null);
  return true;
}

function swap(old, card) {
  const focused = old.contains(document.activeElement) ? document.activeElement : null;
  const mark = focused && keyOf(focused);
  keep(old, card);
  old.replaceWith(card);
  ready(card);
  if (focused) ([...card.querySelectorAll("*")].find((e) => keyOf(e) === mark && mark) ?? card).focus();
  if (old.dataset.tone !== card.dataset.tone) {
    say([card.querySelector("h3"), card.querySelector(".says")].map((e) => e?.textContent.trim()).filter(Boolean).join(". "));
  }
}

function keep(old, card) {
  if (!old) return;
  for (const question of old.querySelectorAll("[data-asks][open]")) {
    const same = card.querySelector(`[data-asks="${question.dataset.asks}"]`);
    if (same) same.open = true;
  }
  for (const answer of old.querySelectorAll("textarea, select")) {
    const fresh = card.querySelector(`.question [name="${answer.name}"]`);
    if (fresh) fresh.value = answer.value;
  }
  for (const tick of old.querySelectorAll("[name=only]:checked")) {
    const same = card.querySelector(`[name=only][value="${tick.value}"]`);
    if (same) same.checked = true;
  }
  for (const clip of old.querySelectorAll("[data-clip]")) {
    const same = card.querySelector(`[data-clip="${clip.dataset.clip}"]`);
    if (!same) continue;
    if (!clip.classList.contains("spoiler")) {
      same.classList.remove("spoiler");
      same.querySelector("[data-reveal]")?.remove();
    }
    same.querySelector("video").replaceWith(clip.querySelector("video"));
  }
}

function keyOf(element) {
  const { name, value, dataset } = element;
  if (element.matches(".vote")) return `vote ${element.closest("[data-clip]").dataset.clip}`;
  if (element.matches("textarea")) return name;
  if (name) return `${name}=${value}`;
  if ("reveal" in dataset) return `reveal ${element.textContent}`;
  return element.matches("summary") ? `asks ${element.parentElement.dataset.asks}` : "";
}

function vanish(card) {
  const next = card.nextElementSibling ?? card.previousElementSibling;
  const focused = card.contains(document.activeElement);
  card.remove();
  if (focused) (next ?? document.getElementById("main")).focus();
}

function ready(card) {
  readTimes(card);
  readyClips(card);
}

async function more(event) {
  const link = event.target.closest("[data-more]");
  if (!link || event.metaKey || event.ctrlKey) return;
  event.preventDefault();
  const answer = await fetch(link.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return say("That could not be loaded. Try again.", true);
  const next = new DOMParser().parseFromString(await answer.text(), "text/html");
  const name = link.dataset.more, list = document.querySelector(`[data-list="${name}"]`);
  const cards = [...next.querySelectorAll(`[data-list="${name}"] > article`)].filter((card) => !document.getElementById(card.id));
  for (const card of cards) ready(list.appendChild(document.adoptNode(card)));
  const further = next.querySelector(`[data-more="${name}"]`);
  if (further) link.href = further.getAttribute("href");
  else {
    link.closest(".more").remove();
    list.dataset.complete = "";
  }
  cards[0]?.focus();
}
