// Times in the reader's own words and zone.

const ago = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" });
const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60]];

export function readTimes(within = document) {
  for (const time of within.querySelectorAll("time")) {
    const moment = new Date(time.dateTime);
    const seconds = (moment - Date.now()) / 1000;
    const [unit, size] = UNITS.find(([, size]) => Math.abs(seconds) >= size) ?? ["second", 1];
    const words = unit === "second" ? (seconds < 0 ? "just now" : "in a moment") : ago.format(Math.round(seconds / size), unit);
    if (time.textContent !== words) time.textContent = words;
    time.title = exact.format(moment);
  }
}
