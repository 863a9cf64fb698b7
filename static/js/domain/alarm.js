// @ts-check
// A call for help and the question "are you OK?". Pure: the pages show it, offline/alarms.js keeps it. What only the page of
// a call needs is in help.js and pin.js, so that the first screen stays small.
//
// A call is *armed* first: it is on the phone's disk before its five seconds are counted. When they are over it becomes an
// item of the outbox under the same id; killed in between, that happens at the next opening, or in the worker.
// Stopped within the five seconds it is gone and nothing leaves the phone.

/** They go before everything else, in a batch of their own. */
export const URGENT = /** @type {readonly string[]} */ (["sos", "sos.cancel", "ok"]);
export const HOLD_MS = 2_000;
export const COUNTDOWN_MS = 5_000;
export const GRACE_MS = 5 * 60_000;

/**
 * @typedef {{state: string, by: string|null, at: string|null, failed: string[]}} Heard what the server says about a call
 * @typedef {{id: string, author_id: number, shift_id: number|null, drill: boolean, armed_at: number, due_at: number,
 *   monotonic_ms: number, fix: import("./claim.js").Fix|null, put_at: number|null, cancelled_at: number|null,
 *   closed: boolean, heard: Heard|null}} Alarm a call that was made on this phone; times in epoch ms of this phone
 * @typedef {{id: string, author_id: number, mate: string, at: string|null, drill: boolean, words: string,
 *   fix: {lon_e7: number, lat_e7: number}|null, closed: boolean, got_at: number}} MateAlarm a crew member's call
 * @typedef {"armed"|"waiting"|"sent"|"answered"|"ended"|"over"} Step
 */

/** @param {{kind: string, state: string}} row */
export function isUrgent(row) {
  return URGENT.includes(row.kind) && (row.state === "queued" || row.state === "sending");
}

/**
 * @param {Alarm} alarm @param {{state: string}|undefined} row its item in the outbox
 * @returns {Step} waiting: NOT SENT · over: nothing more to show
 */
export function stepOf(alarm, row) {
  if (alarm.closed || alarm.cancelled_at !== null) return "over";
  if (alarm.put_at === null) return "armed";
  // Only a receipt (or word of it) says that the server has it: held and refused are not delivered either.
  if (row ? row.state !== "acked" : !alarm.heard) return "waiting";
  if (alarm.heard?.state === "ended") return "ended";
  return alarm.heard?.by ? "answered" : "sent";
}

/** A clock that was set back must not hold a call up. @param {Alarm} alarm @param {number} now */
export function isDue(alarm, now) {
  return alarm.put_at === null && (now >= alarm.due_at || now < alarm.armed_at - 1_000);
}

/** @param {Alarm} alarm @param {number} now @returns {number} whole seconds, 5 to 0 */
export function secondsLeft(alarm, now) {
  return Math.ceil(Math.min(COUNTDOWN_MS, Math.max(0, alarm.due_at - now)) / 1000);
}

/** The call to show: a real one before a drill, then the newest. @param {(Alarm|MateAlarm)[]} alarms @param {{id: string, state: string}[]} rows */
export function shownAlarm(alarms, rows) {
  const mine = /** @type {Alarm[]} */ (alarms.filter((a) => !("mate" in a)));
  const live = mine.filter((a) => stepOf(a, rowOf(a, rows)) !== "over");
  return live.sort((a, b) => Number(a.drill) - Number(b.drill) || b.armed_at - a.armed_at)[0] ?? null;
}

/** @template {{id: string}} R @param {{id: string}} alarm @param {R[]} rows @returns {R|undefined} */
export function rowOf(alarm, rows) {
  return rows.find((r) => r.id === alarm.id);
}

/** What goes into the outbox when the five seconds are over. @param {Alarm} alarm @param {import("./claim.js").Fix|null} fix */
export function claimOfAlarm(alarm, fix = alarm.fix) {
  /** @type {Record<string, any>} */
  const body = {};
  if (alarm.shift_id !== null) body.shift_id = alarm.shift_id;
  if (fix) body.fix = fix;
  if (alarm.drill) body.test = true;
  return { id: alarm.id, author_id: alarm.author_id, kind: /** @type {const} */ ("sos"), body, now: alarm.armed_at, monotonic: alarm.monotonic_ms };
}

/** Two to four seconds after the first failures, three to six later: never longer. @param {number} tries @param {() => number} [random] */
export function soonMs(tries, random = Math.random) {
  const most = tries < 5 ? 4_000 : 6_000;
  return Math.round(most / 2 + random() * (most / 2));
}

// --- "are you OK?" --------------------------------------------------------------------------------

const LIFE = ["ok", "checkin", "duty.start", "duty.resume"]; // each says that I am well

/**
 * @typedef {{phase: "off"|"quiet"|"ask"|"late", due_at: number, told_at: number}} Lone
 * @param {{shift: import("./duty.js").Shift|null, duty: import("./duty.js").Duty|null, rows: import("./duty.js").Row[],
 *   alarm: any, now: number, ahead_ms?: number}} known `now` by this phone's clock; `ahead_ms`: the server's is so far ahead
 * @returns {Lone} from what is stored alone: a reload, a night asleep or a kill change nothing
 */
export function loneOf({ shift, duty, rows, alarm, now, ahead_ms = 0 }) {
  const every = Number(alarm?.ok_every_min ?? 0) * 60_000;
  if (!shift || duty?.state !== "on" || !(every > 0) || !isAlone(shift, alarm)) return { phase: "off", due_at: 0, told_at: 0 };
  const signs = rows
    .filter((r) => r.shift_id === shift.id && LIFE.includes(r.kind) && r.state !== "refused")
    .map((r) => Date.parse(r.envelope.device_at));
  const since = signs.length ? Math.max(...signs) : Date.parse(duty.started_at ?? shift.starts_at) - ahead_ms;
  const due_at = since > now + 60_000 ? now : since + every; // a clock that was set back: ask now
  const told_at = due_at + GRACE_MS;
  return { phase: now < due_at ? "quiet" : now < told_at ? "ask" : "late", due_at, told_at };
}

/** The plan knows who is out; without its word, a crew of one is alone. @param {import("./duty.js").Shift} shift @param {any} alarm */
function isAlone(shift, alarm) {
  return alarm?.lone?.[shift.id] ?? shift.crew.length <= 1;
}
