// @ts-check
// Everything that the pages show, as it stood at one moment: one transaction, for each one costs a slow phone.
import { database } from "./db.js";
import { ownAlarms } from "./alarms.js";
import { ownRows, unsentByAuthor } from "./outbox.js";
import { sessionOf } from "./session.js";

const STORES = ["alarms", "items", "meta", "people", "photos", "plan", "track"];

/**
 * @returns {Promise<{session: import("./session.js").Session, kept: import("./plan.js").KeptPlan|null,
 *   rows: import("./outbox.js").OutboxRow[], waiting: import("./outbox.js").Unsent[], sending: any, clock: any, people: any[],
 *   track: any, alarms: (import("../domain/alarm.js").Alarm|import("../domain/alarm.js").MateAlarm)[],
 *   wishes: Record<string, import("./me.js").Wish>|undefined}>}
 */
export async function readSnapshot() {
  const tx = (await database()).transaction(STORES);
  const of = (/** @type {string} */ store, /** @type {any} */ key) => tx.objectStore(store).get(key);
  const session = sessionOf(await of("meta", "session"));
  const id = session.person?.id ?? null;
  const mine = id === null ? null : [of("plan", id), ownRows(tx, id), of("track", id), ownAlarms(tx, id), of("meta", `wishes:${id}`)];
  const [kept = null, rows = [], track, alarms = [], wishes] = await Promise.all(mine ?? []);
  const [waiting, sending, clock, people] = await Promise.all([
    unsentByAuthor(tx), of("meta", "sending"), of("meta", "clock"), tx.objectStore("people").getAll(),
  ]);
  return { session, kept, rows, waiting, sending, clock, people, track, alarms, wishes };
}
