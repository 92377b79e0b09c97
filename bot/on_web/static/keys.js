// The desk without a mouse. Nothing here while somebody types.

export function readyKeys() {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("textarea, select, input:not([type=checkbox])")) return;
    const card = document.activeElement.closest?.(".card");
    if (event.key === "j" || event.key === "k") go(card, event.key === "j" ? 1 : -1);
    else if (card && event.key === "a") card.querySelector("[value=approve]")?.click();
    else if (card && event.key === "x") openQuestion(card.querySelector("[data-asks=reject], [data-asks=take_down]"));
    else if (card && /^[1-4]$/.test(event.key)) card.querySelector(`[name=only][value="${event.key}"]`)?.click();
    else return;
    event.preventDefault();
  });
}

function go(card, step) {
  const cards = [...document.querySelectorAll(".card")];
  const next = card ? cards[cards.indexOf(card) + step] : cards[0];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function openQuestion(question) {
  if (!question) return;
  question.open = true;
  question.querySelector("textarea").focus();
}
