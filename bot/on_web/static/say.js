// Sentences for everybody: seen as a toast, and read out because the region is a status.

const SECONDS = 7;

export function say(sentence, no = false) {
  const line = document.createElement("p");
  line.textContent = sentence;
  line.classList.toggle("no", no);
  document.getElementById("said").replaceChildren(line);
  setTimeout(() => line.remove(), SECONDS * 1000);
}
