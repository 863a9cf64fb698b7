// @ts-check
// Calls for help on this phone's disk, from the first second of the countdown on. What they mean is in domain/alarm.js.
import { claimOfAlarm, COUNTDOWN_MS, isDue } from "../domain/alarm.js";
import { uuid7 } from "../domain/uuid7.js";
import { changed, database } from "./db.js";
import { putAll } from "./outbox.js";

/** @typedef {import("../domain/alarm.js").Alarm} Alarm */

/**
 * Safe on the disk before the first second is counted: killed now, it is sent at the next opening.
 * @param {{author_id: number, shift_id: number|null, drill: boolean, fix: import("../domain/claim.js").Fix|null}} said
 * @returns {Promise<Alarm>}
 */
export async function arm(said, now = Date.now()) {
  /** @type {Alarm} */
  const alarm = {
    id: uuid7(now), ...said, armed_at: now, due_at: now + COUNTDOWN_MS, monotonic_ms: performance.now(),
    put_at: null, cancelled_at: null, closed: false, heard: null,
  };
  await writeAlarms((store) => store.add(alarm));
  return alarm;
}

/** Within the five seconds: it is gone, nothing was sent. @param {string} id @returns {Promise<boolean>} false: too late */
export async function stop(id) {
  return writeAlarms(async (store) => {
    const alarm = await store.get(id);
    if (alarm && alarm.put_at !== null) return false;
    await store.delete(id);
    return true;
  });
}

/**
 * Armed calls whose five seconds are over become items of the outbox, each once, whoever comes first: page, tab or worker.
 * @param {{id?: string, fix?: import("../domain/claim.js").Fix|null, now?: number}} [sure] this one now, from here
 * @returns {Promise<number|null>} ms until the next one is due; null: none is armed
 */
export async function ripen({ id, fix, now = Date.now() } = {}) {
  /** @type {number|null} */
  let next = null;
  for (const alarm of await (await database()).getAll("alarms")) {
    if ("mate" in alarm || alarm.put_at !== null) continue;
    if (alarm.id === id || isDue(alarm, now)) await becomeItem(alarm, alarm.id === id && fix ? fix : alarm.fix, now);
    else next = Math.min(next ?? COUNTDOWN_MS, alarm.due_at - now);
  }
  return next;
}

/** @param {Alarm} alarm @param {import("../domain/claim.js").Fix|null} fix @param {number} now */
function becomeItem(alarm, fix, now) {
  return putAll([claimOfAlarm(alarm, fix)], undefined, onceFor(alarm.id, (a) => a.put_at === null, (a) => ({ ...a, fix, put_at: now })));
}

/** A real call that was made stays made: the end of it is one more item. @param {Alarm} alarm @param {Record<string, any>} body */
export function cancel(alarm, body, now = Date.now()) {
  const claim = { author_id: alarm.author_id, kind: /** @type {const} */ ("sos.cancel"), body: { sos_id: alarm.id, ...body }, now };
  return putAll([claim], undefined, onceFor(alarm.id, (a) => a.cancelled_at === null, (a) => ({ ...a, cancelled_at: now })));
}

/**
 * @param {string} id @param {(a: Alarm) => boolean} may @param {(a: Alarm) => Alarm} to
 * @returns {import("./outbox.js").Beside}
 */
function onceFor(id, may, to) {
  return {
    stores: ["alarms"],
    act: async (tx) => {
      const store = tx.objectStore("alarms");
      const alarm = await store.get(id);
      if (!alarm || !may(alarm)) return false;
      await store.put(to(alarm));
      return true;
    },
  };
}

/** Seen and put away; nothing is sent. @param {string} id */
export async function close(id) {
  await writeAlarms(async (store) => {
    const alarm = await store.get(id);
    if (alarm) await store.put({ ...alarm, closed: true });
  });
}

/** @param {any} tx @param {number} author_id @returns {Promise<(Alarm|import("../domain/alarm.js").MateAlarm)[]>} */
export async function ownAlarms(tx, author_id) {
  return (await tx.objectStore("alarms").getAll()).filter((/** @type {Alarm} */ a) => a.author_id === author_id);
}

const KEEP_MS = 72 * 3_600_000;

/** What is over goes with its item, a crew member's call after half a day. */
export async function forgetAlarms(now = Date.now()) {
  const db = await database();
  for (const alarm of await db.getAll("alarms")) {
    const old = "mate" in alarm ? now - alarm.got_at > 12 * 3_600_000 : alarm.put_at !== null && now - alarm.put_at > KEEP_MS;
    if (old && !(await waits(db, alarm.id))) await db.delete("alarms", alarm.id);
  }
}

/** @param {import("./db.js").Db} db @param {string} id */
async function waits(db, id) {
  const row = await db.get("items", id);
  return !!row && row.state !== "acked";
}

/** @param {(store: any) => Promise<any>} act false: nothing was written @returns {Promise<any>} resolves when it is on the disk */
export async function writeAlarms(act) {
  const tx = (await database()).transaction("alarms", "readwrite", { durability: "strict" });
  tx.done.catch(() => {});
  const done = await act(tx.store);
  await tx.done;
  if (done !== false) changed("alarms");
  return done;
}
