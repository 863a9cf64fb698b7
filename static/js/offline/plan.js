// @ts-check
// The last plan is always kept: what is shown comes from here, signal or not.
import { call } from "../api.js";
import { changed, database } from "./db.js";
import { stateOf } from "../domain/sending.js";
import { amend } from "./outbox.js";
import { getMeta, setMeta } from "./db.js";

/**
 * @typedef {{version: string, person: any, teams: any[], policy: any, shifts: import("../domain/duty.js").Shift[],
 *   consents?: Record<string, boolean|null>, routes: import("../domain/duty.js").Route[], hotspots: import("../domain/duty.js").Hotspot[], places: any,
 *   colleagues?: import("../domain/crew.js").Colleague[], leave?: import("../domain/swaps.js").Away[], alarm?: any,
 *   cases?: {id: number, answer_until: string, answered: boolean}[]}} Plan
 * @typedef {{plan: Plan, etag: string|null, got_at: number}} KeptPlan got_at: when it was asked for. What the server took
 *   while its answer was on the way it may not know.
 */

/** @param {number} person_id @returns {Promise<KeptPlan|null>} */
export async function readPlan(person_id) {
  return (await (await database()).get("plan", person_id)) ?? null;
}

/**
 * @param {number} person_id
 * @returns {Promise<"new"|"same"|"signin"|"later">}
 */
export async function fetchPlan(person_id) {
  const kept = await readPlan(person_id);
  const got_at = Date.now();
  const turn = ++asked;
  const reply = await call("GET", "/field/plan", { etag: kept?.etag });
  if (reply.status === 401) return "signin";
  if (reply.status === 304 && kept) return keep(person_id, turn, { ...kept, got_at }, "same");
  // The plan of somebody else (another sign-in in this browser) must not be shown as mine.
  if (reply.status !== 200 || !reply.json?.shifts || reply.json.person?.id !== person_id) return "later";
  return keep(person_id, turn, { plan: reply.json, etag: reply.etag, got_at }, "new");
}

let asked = 0;
let answered = 0;

/**
 * An answer that was overtaken by one to a later question is let go.
 * @template {string} T @param {number} person_id @param {number} turn @param {KeptPlan} plan @param {T} said
 * @returns {Promise<T|"same">}
 */
async function keep(person_id, turn, plan, said) {
  if (turn < answered) return "same";
  answered = turn;
  await (await database()).put("plan", plan, person_id);
  changed("plan");
  return said;
}

/** Verdicts that changed since we last asked. @param {number} person_id */
export async function fetchReceipts(person_id) {
  const key = `cursor:${person_id}`;
  const seen = new Set(); // the cursor overlaps a little: stop when a page brings nothing new
  for (let page = 0; page < 20; page++) {
    const since = await getMeta(key);
    const reply = await call("GET", `/field/receipts${since ? `?since=${encodeURIComponent(since)}` : ""}`);
    if (reply.status !== 200 || !Array.isArray(reply.json?.receipts)) return;
    const news = reply.json.receipts.filter((/** @type {any} */ r) => !seen.has(`${r.id} ${r.changed_at}`));
    await amend(news, stateOf);
    const next = reply.json.next;
    if (!next || next === since) return;
    await setMeta(key, next);
    if (!news.length) return;
    for (const r of news) seen.add(`${r.id} ${r.changed_at}`);
  }
}

/** @param {number} person_id @param {string} month "2026-11" */
export async function readHours(person_id, month) {
  return (await (await database()).get("hours", `${person_id}:${month}`)) ?? null;
}

/** @param {number} person_id @param {string} month "2026-11" */
export async function readPoints(person_id, month) {
  return (await (await database()).get("hours", `${person_id}:points:${month}`)) ?? null;
}

/** @param {number} person_id @param {string} month @returns {Promise<boolean>} whether there was an answer to keep */
export async function fetchPoints(person_id, month) {
  const reply = await call("GET", `/field/points?month=${month}`);
  if (reply.status !== 200 || !reply.json) return false;
  await (await database()).put("hours", { ...reply.json, got_at: Date.now() }, `${person_id}:points:${month}`);
  changed("hours");
  return true;
}

/** @param {number} person_id @param {string} month */
export async function fetchHours(person_id, month) {
  const reply = await call("GET", `/field/hours?month=${month}`);
  if (reply.status !== 200 || !reply.json) return;
  await (await database()).put("hours", { ...reply.json, got_at: Date.now() }, `${person_id}:${month}`);
  changed("hours");
}
