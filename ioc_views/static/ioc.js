// The board's live part: figures follow the server's stream; bars and columns are drawn by the
// server and fetched again when figures changed. Without this file the page reloads by itself.

const STALE_AFTER_MS = 5000;
const CHECK_EVERY_MS = 500;
const RECONNECT_AFTER_MS = 2000;
const REDRAW_AT_MOST_EVERY_MS = 3000;

const language = document.documentElement.lang === "en" ? "en-GB" : "vi-VN";
const words = language === "en-GB" ? { hours: "h", days: "days" } : { hours: "giờ", days: "ngày" };
const figures = document.getElementById("figures");
const stale = document.getElementById("stale");
const asOf = document.getElementById("as-of");
const liveWord = document.getElementById("live-word");

const whole = new Intl.NumberFormat(language);
const tenths = new Intl.NumberFormat(language, {
  minimumFractionDigits: 1,
  maximumFractionDigits: 1,
});
const clock = new Intl.DateTimeFormat(language, {
  timeZone: "Asia/Ho_Chi_Minh",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
});

const WRITERS = {
  count: (value) => whole.format(value),
  share: (value) => `${tenths.format(value * 100)}%`,
  hours: (value) =>
    value < 48
      ? `${tenths.format(value)} ${words.hours}`
      : `${tenths.format(value / 24)} ${words.days}`,
};

let source = null;
let heardAt = performance.now();
let hasEnded = false;
let shown = null;
let redrawTimer = null;
let drawnAt = performance.now();

function write(value, kind) {
  return value === null || value === undefined ? "–" : WRITERS[kind](value);
}

function showFigures(told) {
  for (const place of figures.querySelectorAll("[data-figure]")) {
    const text = write(told[place.dataset.figure], place.dataset.kind);
    if (place.textContent === text) continue;
    place.textContent = text;
    if (shown === null) continue;
    place.classList.remove("is-told");
    void place.offsetWidth; // begins the highlight anew
    place.classList.add("is-told");
  }
  // What the server drew into the page may be older than the first figures told.
  redrawSoon();
  shown = told;
}

function showMoment(moment) {
  asOf.dateTime = moment;
  asOf.textContent = clock.format(new Date(moment));
}

function hear(told) {
  heardAt = performance.now();
  showMoment(told.as_of);
  showState();
}

function showState() {
  const isStale = hasEnded || performance.now() - heardAt > STALE_AFTER_MS;
  document.body.classList.toggle("is-stale", isStale);
  document.body.classList.toggle("is-live", !isStale);
  liveWord.textContent = isStale ? liveWord.dataset.stale : liveWord.dataset.live;
  if (stale.hidden !== isStale) return;
  stale.hidden = !isStale;
  stale.textContent = isStale
    ? `${hasEnded ? stale.dataset.ended : stale.dataset.stale} ${asOf.textContent}.`
    : "";
}

function connect() {
  source = new EventSource(figures.dataset.stream);
  source.addEventListener("figures", (event) => {
    const told = JSON.parse(event.data);
    showFigures(told);
    hear(told);
  });
  source.addEventListener("heartbeat", (event) => hear(JSON.parse(event.data)));
  source.addEventListener("error", () => {
    // The browser itself tries again unless the server refused.
    if (source.readyState === EventSource.CLOSED) setTimeout(reconnect, RECONNECT_AFTER_MS);
  });
}

async function reconnect() {
  try {
    const answer = await fetch(figures.dataset.stream.replace("/stream", "/reports/summary"));
    if (answer.status === 401 || answer.status === 403) {
      hasEnded = true;
      showState();
      return;
    }
  } catch {
    // no network: the next attempt tells
  }
  connect();
}

function redrawSoon() {
  if (redrawTimer !== null) return;
  const since = performance.now() - drawnAt;
  const wait = Math.max(300, REDRAW_AT_MOST_EVERY_MS - since);
  redrawTimer = setTimeout(redraw, wait);
}

async function redraw() {
  redrawTimer = null;
  drawnAt = performance.now();
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok || answer.redirected) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("breakdowns");
    const old = document.getElementById("breakdowns");
    if (!fresh || old.contains(document.activeElement)) return;
    const open = [...old.querySelectorAll("details")].map((box) => box.open);
    fresh.querySelectorAll("details").forEach((box, index) => (box.open = open[index] ?? false));
    old.replaceWith(fresh);
  } catch {
    // the figures' own banner says when the server is away
  }
}

setInterval(showState, CHECK_EVERY_MS);
addEventListener("pagehide", () => source?.close());
addEventListener("pageshow", (event) => {
  if (event.persisted) connect();
});
connect();
