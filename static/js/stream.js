// @ts-check
// News from the server while the page is seen: one stream, closed when the page is hidden for long. Where a proxy cuts or
// swallows it, asking again and again does the same, slower. News only says what changed; the rest is asked for as ever.
// Read by fetch and not by EventSource: so the beats are heard, by whose absence a stream that is swallowed is known.
import { refresh } from "./actions.js";
import { CLIENT } from "./api.js";
import { backoffMs } from "./domain/backoff.js";
import { changed } from "./offline/db.js";
import { fetchPlan, fetchReceipts } from "./offline/plan.js";
import { fetchAlarms } from "./sos.js";
import { current, watch } from "./store.js";

const HIDDEN_MS = 60_000;
const MUTE_MS = 50_000; // the server says something every twenty seconds
const PULSE_MS = 15_000;
const POLL_MS = 60_000;
const LIVED_MS = 30_000; // a stream that lived so long was none that a proxy cuts at once

/** What each news makes us ask for, and by how much chance spreads the phones that heard it at the same moment. */
const NEWS = /** @type {Record<string, {ask: (id: number) => Promise<any>, spread: number}>} */ ({
  hello: { ask: () => refresh(20_000).then(() => fetchAlarms()), spread: 2_000 }, // what came before we listened
  plan: { ask: (id) => fetchPlan(id), spread: 3_000 },
  swap: { ask: (id) => fetchPlan(id).then(() => changed("swap")), spread: 3_000 },
  verdict: { ask: (id) => fetchReceipts(id), spread: 3_000 },
  report: { ask: (id) => fetchReceipts(id).then(() => changed("report")), spread: 3_000 },
  sos: { ask: () => fetchAlarms(), spread: 300 },
  "sos.ack": { ask: () => fetchAlarms(), spread: 0 },
});

/** @type {AbortController|null} */
let open = null;
let failures = 0;
let heardAt = 0;
let polledAt = 0;
let timer = 0; // the next try
let hiding = 0;
/** @type {Map<string, number>} */
const due = new Map();

/** Begin; it keeps itself right from then on. */
export function listen() {
  document.addEventListener("visibilitychange", look);
  window.addEventListener("online", () => {
    failures = 0;
    look();
  });
  let who = whose();
  watch(() => {
    if (who === whose()) return;
    who = whose();
    failures = 0;
    shut();
    look();
  });
  setInterval(pulse, PULSE_MS);
  look();
}

/** @returns {number|null} whose news may be asked for */
function whose() {
  const { person, expired } = current().session;
  return person && !expired ? person.id : null;
}

function look() {
  clearTimeout(hiding);
  if (document.visibilityState === "hidden") {
    hiding = window.setTimeout(shut, HIDDEN_MS);
    return;
  }
  if (open || whose() === null) return;
  clearTimeout(timer);
  const mine = new AbortController();
  const since = Date.now();
  open = mine;
  heardAt = since;
  read(mine).catch(() => false).then((full) => {
    if (open !== mine) return; // we closed it ourselves
    open = null;
    failures = Date.now() - since > LIVED_MS ? 1 : failures + 1;
    // Every phone of a restarted server would else be back in the same second.
    timer = window.setTimeout(look, full ? POLL_MS + backoffMs(5) : backoffMs(failures + 1));
  });
}

function shut() {
  clearTimeout(timer);
  const was = open;
  open = null;
  was?.abort();
}

/** @param {AbortController} mine @returns {Promise<boolean>} the server has enough streams of this session */
async function read(mine) {
  const answer = await fetch("/api/v1/field/stream", {
    headers: { Accept: "text/event-stream", "X-Xunfang-Client": CLIENT },
    credentials: "same-origin", cache: "no-store", signal: mine.signal,
  });
  if (!answer.ok || !answer.body || !answer.headers.get("Content-Type")?.startsWith("text/event-stream")) return false;
  const reader = answer.body.getReader();
  const letters = new TextDecoder();
  for (let rest = "", full = false; ; ) {
    const { value, done } = await reader.read();
    if (done) return full;
    heardAt = Date.now();
    const said = (rest + letters.decode(value, { stream: true })).split("\n\n");
    rest = said.pop() ?? "";
    for (const one of said) {
      const name = /^(?:event: |: )([\w.]+)/m.exec(one)?.[1] ?? "";
      full ||= name === "full";
      if (name in NEWS) heard(name);
    }
  }
}

/** @param {string} name ten of the same within a moment are asked for once */
function heard(name) {
  if (due.has(name)) return;
  const { ask, spread } = NEWS[name];
  due.set(name, window.setTimeout(() => {
    due.delete(name);
    const id = whose();
    if (id !== null) ask(id).catch(() => {});
  }, spread * Math.random() + 50));
}

/** Is the stream one that only seems to be there, or is there none? Then ask once a minute. */
function pulse() {
  if (document.visibilityState === "hidden" || whose() === null) return;
  if (open && Date.now() - heardAt > MUTE_MS) {
    shut();
    failures += 1;
    timer = window.setTimeout(look, backoffMs(failures + 1));
  }
  if (failures > 1 && Date.now() - polledAt > POLL_MS) {
    polledAt = Date.now();
    refresh(POLL_MS - PULSE_MS).then(() => fetchAlarms()).catch(() => {});
  }
}
