// @ts-check
// Sends the outbox: one sender for all tabs and the worker, in batches, as long as something waits and the
// server takes it. The decisions are in domain/sending.js; this file only carries them out.
import { call } from "../api.js";
import { backoffMs } from "../domain/backoff.js";
import { isOfOther, judgeAnswer, keptForAuthors } from "../domain/sending.js";
import { ripen } from "./alarms.js";
import { changed, getMeta, setMeta } from "./db.js";
import { recover, settle, take, takeUrgent } from "./outbox.js";
import { sendPhotos } from "./photos.js";
import { confirmIdentity, refreshIdentity } from "./session.js";

/**
 * @typedef {"idle"|"busy"|"signin"|"wait"|"nobody"} Ending
 * idle: nothing waits any more · busy: another tab is sending · wait: later, see `sending.wait_until`
 */

/** @type {Promise<Ending>|null} */
let running = null;
/** @type {{patient: boolean}|null} */
let again = null;

/**
 * @param {{patient?: boolean}} [how] patient: do not disturb our own back-off (a timer will come); a tap does
 * @returns {Promise<Ending>}
 */
export function drain(how = {}) {
  if (running) {
    again = { patient: !!how.patient && again?.patient !== false }; // put, or tapped, while a batch was on its way
    return running;
  }
  running = alone(() => sendAll(!!how.patient)).finally(() => {
    running = null;
    const next = again;
    again = null;
    if (next) drain(next);
  });
  return running;
}

// --- calls for help -------------------------------------------------------------------------------

/** @type {Promise<Ending>|null} */
let rushing = null;
const RUSH_TIMEOUT_MS = 15_000;

/**
 * Sends calls for help and "I'm OK" now: in a batch of their own, beside whatever else is on its way, without lock or
 * back-off and without asking first who is signed in (a 401, or a receipt that names another author, says it as well).
 * A colleague's call that was made on this phone goes too, under its own author.
 * @param {boolean} [atOnce] do not even wait for an earlier try that may hang on a dead line
 * @returns {Promise<Ending>} wait: not sent; the caller comes back in a few seconds
 */
export function rush(atOnce = false) {
  if (rushing && !atOnce) return rushing;
  const mine = hurry().finally(() => {
    if (rushing === mine) rushing = null;
  });
  rushing = mine;
  return mine;
}

/** @returns {Promise<Ending>} */
async function hurry() {
  await ripen();
  const session = await getMeta("session");
  if (!session?.person || session.leaving) return "nobody";
  const rows = await takeUrgent(session.person.id);
  if (rows.length === 0) return "idle";
  const answer = await call("POST", "/field/sync", {
    body: { sent_at: new Date().toISOString(), items: rows.map((r) => r.envelope) },
    timeoutMs: RUSH_TIMEOUT_MS,
  });
  const outcome = judgeAnswer(answer, rows.map((r) => r.id), Date.now());
  await keepIfStranger(outcome.items, session.person.id);
  const mine = new Set(rows.filter((r) => r.author_id === session.person.id).map((r) => r.id));
  const items = keptForAuthors(outcome.items, (id) => mine.has(id));
  await settle(items, { epoch: outcome.epoch });
  if (outcome.verdict === "signin") {
    await expire();
    return "signin";
  }
  return [...items.values()].some((i) => i.state === "queued" && !i.delayMs) ? "wait" : "idle";
}

async function expire() {
  await setMeta("session", { ...(await getMeta("session")), expired: true });
  changed("session");
}

/** @param {() => Promise<Ending>} work @returns {Promise<Ending>} */
async function alone(work) {
  // Without Web Locks two tabs may both send; the server's idempotency makes that harmless.
  if (!globalThis.navigator?.locks) return work();
  return navigator.locks.request("xunfang-send", { ifAvailable: true }, (lock) => (lock ? work() : "busy"));
}

/** @param {boolean} patient @returns {Promise<Ending>} */
async function sendAll(patient) {
  await recover();
  let most = 50;
  for (;;) {
    const sending = (await getMeta("sending")) ?? { failures: 0, wait_until: 0, asked: false };
    if (Date.now() < sending.wait_until && (patient || sending.asked)) return "wait";
    const author = await confirmIdentity();
    if (author === null) return (await getMeta("session"))?.person ? "signin" : "nobody";
    if (author === undefined) return failed(sending, null);

    const rows = await take(author, { most });
    if (rows.length === 0) {
      const photos = await sendPhotos(author);
      if (photos.ending === "signin") {
        await expire();
        return "signin";
      }
      if (photos.ending === "wait") return failed(sending, photos.waitMs);
      if (sending.failures) await note({ failures: 0, wait_until: 0, asked: false });
      return "idle";
    }
    const answer = await call("POST", "/field/sync", {
      body: { sent_at: new Date().toISOString(), items: rows.map((r) => r.envelope) },
      timeoutMs: 30_000 + rows.length * 600,
    });
    const outcome = judgeAnswer(answer, rows.map((r) => r.id), Date.now());
    const stranger = await keepIfStranger(outcome.items, author);
    const broken = outcome.verdict === "retry" && rows.length === 1 && answer.status >= 400 && answer.status < 500;
    await settle(outcome.items, {
      epoch: outcome.epoch,
      delayMs: broken ? backoffMs(rows[0].tries + 1) * 10 : 0,
    });

    if (stranger) return "signin";
    switch (outcome.verdict) {
      case "receipts":
        await note({ failures: 0, wait_until: 0, asked: false, last_sent_at: Date.now() });
        if ([...outcome.items.values()].some((i) => i.state === "queued")) return failed(sending, null);
        continue;
      case "signin":
        await expire();
        return "signin";
      case "split":
        if (most > 1) {
          most = Math.max(1, Math.floor(Math.min(most, rows.length) / 2));
          if (outcome.waitMs === null || outcome.waitMs <= 0) continue;
        }
        return failed(sending, outcome.waitMs);
      case "retry":
        if (broken) continue; // this one waits by itself; the others go on
        return failed(sending, outcome.waitMs);
      default:
        return failed(sending, outcome.waitMs);
    }
  }
}

/**
 * The server held something because the cookie is somebody else's (another page of this browser signed in between
 * our question and our sending): those rows go on waiting for their author.
 * @param {import("../domain/sending.js").Outcome["items"]} items @param {number} author
 */
async function keepIfStranger(items, author) {
  const strange = [...items].filter(([, i]) => isOfOther(i));
  if (strange.length === 0 || (await refreshIdentity()) === author) return false;
  for (const [id] of strange) items.set(id, { state: "queued" });
  return true;
}

/** @param {{failures: number}} sending @param {number|null} waitMs @returns {Promise<Ending>} */
async function failed(sending, waitMs) {
  const failures = sending.failures + 1;
  const ms = waitMs ?? backoffMs(failures);
  await note({ failures, wait_until: Date.now() + ms, asked: waitMs !== null });
  return "wait";
}

/** @param {Record<string, any>} words */
async function note(words) {
  await setMeta("sending", { ...(await getMeta("sending")), ...words });
  changed("sending");
}

/** @returns {Promise<number|null>} ms until the next try, null when none is due */
export async function nextTryMs() {
  const sending = await getMeta("sending");
  return sending?.failures ? Math.max(500, sending.wait_until - Date.now()) : null;
}
