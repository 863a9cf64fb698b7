// @ts-check
// What a tap does: a claim into the outbox first, then a try to send. Each resolves when the claim is safe.
import { fixOf } from "./domain/claim.js";
import { sameTap } from "./domain/codes.js";
import { announce } from "./dom.js";
import { t } from "./i18n.js";
import * as location from "./location.js";
import { isUrgent, soonMs } from "./domain/alarm.js";
import { drain, nextTryMs, rush } from "./offline/drain.js";
import { put, putAll } from "./offline/outbox.js";
import { fetchPlan, fetchReceipts } from "./offline/plan.js";
import { sendWishes } from "./offline/me.js";
import { askToKeep, isFull } from "./offline/room.js";
import { buzz, chime } from "./senses.js";
import { current, dutyFor, reload, shown } from "./store.js";

/** Somebody can read it: the words say what happened and what to do. */
export class Told extends Error {}

function author() {
  const person = current().session.person;
  if (!person) throw new Told(t("signin.first"));
  return person.id;
}

/** @template T @param {() => Promise<T>} save @returns {Promise<T>} */
async function safely(save) {
  try {
    return await save();
  } catch (error) {
    if (error instanceof Told) throw error;
    throw new Told(t(isFull(error) ? "trouble.full" : "trouble.not_saved"));
  } finally {
    await reload();
  }
}

/**
 * @param {import("./store.js").Shift} shift
 * @param {"duty.start"|"duty.pause"|"duty.resume"|"duty.end"} kind
 * @param {{crew_code?: string}} [more]
 */
export async function tapDuty(shift, kind, more = {}) {
  await safely(async () => {
    const author_id = author();
    const claim = { author_id, kind, body: { shift_id: shift.id, ...more } };
    if (kind === "duty.pause" || kind === "duty.end") {
      await location.silence(); // first of all: no position after this tap
      await putLast(author_id, claim).catch(async (error) => {
        await location.stopRecording(); // not stored: the duty goes on, and so does the recording
        throw error;
      });
    } else await put(claim);
  });
  announce(t(`spoken.${kind.replace(".", "_")}`));
  if (kind === "duty.start") askToKeep();
  send();
}

/** What is left of the track, and the tap that ends it. @param {number} author_id @param {any} claim */
async function putLast(author_id, claim) {
  const { said, track } = await location.closingClaims(author_id);
  await putAll([...said, claim], track ? { author_id, track } : undefined);
}

const FRESH_MS = 10_000;
const USABLE_MS = 5 * 60_000;

/** @typedef {import("./offline/outbox.js").OutboxRow} OutboxRow */

/** @type {Map<string, Promise<OutboxRow>>} */
const beingSaved = new Map();

/**
 * A second tap while the first is still being saved is the first.
 * @param {import("./store.js").Shift} shift
 * @param {{checkpoint_id: number}|{hotspot_id: number}} place
 * @param {"here"|"arrive"|"leave"} phase
 * @param {{method?: "gps"|"code"|"nfc", code?: string}} [how] with what beside the position
 * @returns {Promise<OutboxRow>}
 */
export function checkIn(shift, place, phase, how = {}) {
  const said = { shift_id: shift.id, phase, ...place, method: "gps", ...how };
  const key = JSON.stringify(said);
  const saving = beingSaved.get(key) ?? keepCheckin(shift, said).finally(() => beingSaved.delete(key));
  beingSaved.set(key, saving);
  return saving;
}

/** @param {import("./store.js").Shift} shift @param {Record<string, any>} said @returns {Promise<OutboxRow>} */
async function keepCheckin(shift, said) {
  if (dutyFor(shift).state !== "on") throw new Told(t("patrol.not_on_duty"));
  const position = await bestPosition();
  if (!position) throw new Told(t(current().trouble === "denied" ? "trouble.denied" : "trouble.no_position"));
  if (dutyFor(shift).state !== "on") throw new Told(t("patrol.not_on_duty"));
  const before = sameTap(current().rows, shift.id, said, Date.now());
  if (before) return /** @type {any} */ (before); // a second tap is not a second check-in
  const row = await safely(() => put({ author_id: author(), kind: "checkin", body: { ...said, fix: fixOf(position, Date.now()) } }));
  buzz(40);
  chime("good");
  announce(t("spoken.saved"));
  send();
  return row;
}

/** The newest fix when it is fresh; else a new one; else, rather than nothing, an older one that says its age. */
async function bestPosition() {
  const known = current().position;
  if (known && Date.now() - known.at < FRESH_MS) return known;
  return (await location.positionNow()) ?? (known && Date.now() - known.at < USABLE_MS ? known : null);
}

/** @param {{shift_id?: number, checkpoint_id?: number, phrase: string, text?: string}} body */
export async function writeNote(body) {
  await safely(() => put({ author_id: author(), kind: "note", body }));
  announce(t("spoken.saved"));
  send();
}

/** Anything else that is said and needs no position. @param {import("./domain/claim.js").Kind} kind @param {Record<string, any>} body */
export async function sayIt(kind, body) {
  const row = await safely(() => put({ author_id: author(), kind, body }));
  announce(t("spoken.saved"));
  send();
  return row;
}

// --- sending and fetching -------------------------------------------------------------------------

let timer = 0;
let alarmTimer = 0;
let alarmTries = 0;

/**
 * Calls for help and "I'm OK": at once, beside everything else, and again every few seconds until each has its receipt.
 * @param {boolean} [atOnce]
 */
export async function sendAlarms(atOnce = false) {
  const ending = await rush(atOnce).catch(() => "wait");
  await shown();
  clearTimeout(alarmTimer);
  if (ending !== "wait" && !current().rows.some(isUrgent)) {
    alarmTries = 0;
    return;
  }
  alarmTimer = window.setTimeout(sendAlarms, soonMs(++alarmTries));
  askForSync();
}

/** Try to send now; come back by ourselves as long as something waits. @param {{patient?: boolean}} [how] */
export async function send(how = {}) {
  clearTimeout(timer);
  sendAlarms();
  const before = current().mine.count;
  const ending = await drain(how).catch(() => /** @type {const} */ ("wait"));
  await shown();
  const { mine, session } = current();
  if (before > 0 && mine.count === 0) {
    announce(t("sent.all"));
    if (session.person) {
      fetchPlan(session.person.id);
      fetchReceipts(session.person.id);
    }
  }
  const due = ending === "busy" ? 3_000 : ending === "wait" ? await nextTryMs() : null;
  if (due !== null) timer = window.setTimeout(() => send({ patient: true }), due);
  badge(mine.count);
  if (ending === "wait") askForSync();
}

/** Where the worker can be woken when the signal returns, it sends even after the page is closed. */
export async function askForSync() {
  try {
    const registration = await navigator.serviceWorker?.getRegistration();
    await /** @type {any} */ (registration)?.sync?.register("xunfang-send");
  } catch {
    // not offered, or not allowed: the page sends when it is open
  }
}

/** @param {number} n */
function badge(n) {
  const nav = /** @type {any} */ (navigator);
  (n ? nav.setAppBadge?.(n) : nav.clearAppBadge?.())?.catch?.(() => {});
}

let refreshed = 0;

/** Plan and verdicts, not more often than asked. @param {number} [atMostEveryMs] */
export async function refresh(atMostEveryMs = 0) {
  const { session } = current();
  if (!session.person || session.expired || Date.now() - refreshed < atMostEveryMs) return;
  refreshed = Date.now();
  await sendWishes(session.person.id);
  await fetchPlan(session.person.id);
  await fetchReceipts(session.person.id);
}
