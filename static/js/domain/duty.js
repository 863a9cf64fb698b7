// @ts-check
// What is true on the phone about a duty: the plan as last seen, and what was tapped here since.
// Pure; the pages show it, the recorder obeys it.
import { lastOf } from "./track.js";

/**
 * @typedef {{id: number, seq: number, name: string, position: [number, number], radius_m: number,
 *   method: string, required: boolean, window: {from: string, to: string}|null}} Checkpoint
 * @typedef {{version_id: number, route_id: number, version: number, name: string, ordered: boolean,
 *   length_m: number, line: {type: "LineString", coordinates: [number, number][]}, checkpoints: Checkpoint[]}} Route
 * @typedef {{id: number, name: string, category: string, polygon: {type: string, coordinates: any},
 *   windows: {weekday: number, from: string, to: string}[], target_min: number}} Hotspot
 * @typedef {{id: number, status: string, day: string, starts_at: string, ends_at: string,
 *   team: {id: number, name: string}, meeting_place: string|null, route_version_id: number|null, mine: boolean, bonus?: number,
 *   crew: {person_id: number, name: string, has_phone?: boolean, planned?: boolean, state?: string|null}[],
 *   hotspot_ids: number[], changed_at?: string, crew_secret?: string|null,
 *   handover?: {phrase: string, text: string|null, at: string, by_team: string}|null, swaps?: Swap[],
 *   duty: {state: string, started_at: string|null, ended_at: string|null, minutes?: number, points_pending?: number,
 *     checkpoints?: {counted: number, required: number}, with_crew?: boolean, flags?: string[]}|null}} Shift
 * @typedef {{id: string, state: string, person_id: number, name: string, to: string|null, to_me: boolean,
 *   offers: {id: number, name: string}[], taken_by: string|null, taken_by_me: boolean, why: string|null}} Swap
 * @typedef {{id: string, kind: string, state: import("./sending.js").State, seq: number, state_at: number,
 *   shift_id: number|null, receipt?: import("./sending.js").Receipt|null,
 *   envelope: import("./claim.js").Envelope}} Row
 * @typedef {{state: "none"|"on"|"paused"|"ended", started_at: string|null, ended_at: string|null, forgotten?: boolean}} Duty
 */

const AFTER = /** @type {Record<string, Duty["state"]>} */ ({
  "duty.start": "on",
  "duty.pause": "paused",
  "duty.resume": "on",
  "duty.end": "ended",
});

/**
 * @param {Shift} shift
 * @param {Row[]} rows own rows of this phone
 * @param {number} planAt epoch ms when the plan was asked for
 * @returns {Duty}
 */
export function dutyOf(shift, rows, planAt) {
  const taps = rows
    .filter((r) => r.shift_id === shift.id && r.kind in AFTER && r.state !== "refused")
    .sort((a, b) => a.seq - b.seq);
  const planned = fromPlan(shift);
  const last = lastOf(taps);
  // The plan knows better only when it was asked for after the server's answer to the last tap.
  if (!last || (last.state === "acked" && planAt > last.state_at && shift.duty)) return planned;
  const start = taps.find((r) => r.kind === "duty.start");
  const state = AFTER[last.kind];
  return {
    state,
    started_at: start?.envelope.device_at ?? planned.started_at,
    ended_at: state === "ended" ? last.envelope.device_at : null,
  };
}

/**
 * @param {Row[]} rows @param {number} shiftId
 * @returns {number} ms of pauses that were tapped on this phone
 */
export function pausedMs(rows, shiftId) {
  const taps = rows.filter((r) => r.shift_id === shiftId && r.kind in AFTER).sort((a, b) => a.seq - b.seq);
  let total = 0;
  let since = null;
  for (const tap of taps) {
    const at = Date.parse(tap.envelope.device_at);
    if (since !== null && tap.kind !== "duty.pause") {
      total += Math.max(0, at - since);
      since = null;
    } else if (tap.kind === "duty.pause") since ??= at;
  }
  return total;
}

/** @param {Shift} shift @returns {Duty} */
function fromPlan(shift) {
  const { state, started_at = null, ended_at = null } = shift.duty ?? { state: "none" };
  if (state === "on" || state === "paused") return { state, started_at, ended_at: null };
  if (state === "ended" || state === "attended") return { state: "ended", started_at, ended_at };
  return { state: "none", started_at: null, ended_at: null };
}

/** Earlier first. RFC 3339 in one zone sorts as it stands, and a comparison of characters costs a hundredth of a collation.
 * @param {{starts_at: string}} a @param {{starts_at: string}} b */
export const byStart = (a, b) => (a.starts_at < b.starts_at ? -1 : a.starts_at > b.starts_at ? 1 : 0);

const LINGER_MS = 3 * 3_600_000; // how long the summary of an ended duty stays in view
const SOON_MS = 3_600_000;

/**
 * The shift on the card: the one I am on; else the one just ended, unless the next is near; else the next; else the last.
 * @param {Shift[]} shifts @param {(s: Shift) => Duty} duty @param {number} now epoch ms
 * @returns {Shift|null}
 */
export function shiftOnCard(shifts, duty, now) {
  const mine = shifts.filter((s) => s.mine || duty(s).state !== "none").sort(byStart);
  const live = mine.find((s) => isLive(duty(s)));
  if (live) return live;
  const ahead = mine.filter((s) => s.status !== "cancelled" && Date.parse(s.ends_at) > now);
  const next = ahead.find((s) => duty(s).state === "none");
  const ended = lastOf(mine.filter((s) => {
    const { state, ended_at } = duty(s);
    return state === "ended" && Math.max(Date.parse(s.ends_at), Date.parse(ended_at ?? s.ends_at)) + LINGER_MS > now;
  }));
  if (ended && !(next && Date.parse(next.starts_at) - now < SOON_MS)) return ended;
  return next ?? ahead[0] ?? lastOf(mine) ?? null;
}

/** @param {Duty} duty */
export function isLive(duty) {
  return duty.state === "on" || duty.state === "paused";
}

/** An hour after its planned end a duty that nobody ended stops taking positions, and asks. */
export const FORGOTTEN_MS = 60 * 60_000;

/**
 * A duty that nobody ended is over for the phone too, as the server closes it: at its planned end.
 * @param {Shift} shift @param {Duty} duty @param {number} now epoch ms, corrected
 * @returns {Duty}
 */
export function closeForgotten(shift, duty, now) {
  if (!isLive(duty) || now < Date.parse(shift.ends_at) + FORGOTTEN_MS) return duty;
  const ended_at = duty.started_at && duty.started_at > shift.ends_at ? duty.started_at : shift.ends_at;
  return { ...duty, state: "ended", ended_at, forgotten: true };
}

/**
 * Positions are read only while this says so.
 * @param {Shift|null} shift @param {Duty|null} duty @param {number} now epoch ms, corrected
 */
export function mayRecord(shift, duty, now) {
  return !!shift && duty?.state === "on" && now < Date.parse(shift.ends_at) + FORGOTTEN_MS;
}

/**
 * @typedef {"waiting"|"counted"|"review"|"not_counted"|"stored"|"refused"} Standing
 * @param {Row} row
 * @returns {Standing}
 */
export function standing(row) {
  if (row.state === "queued" || row.state === "sending") return "waiting";
  if (row.state === "refused") return "refused";
  const verdict = row.receipt?.verdict;
  if (verdict === "counted" || verdict === "not_counted") return verdict;
  return verdict === "held" || row.state === "held" ? "review" : "stored";
}

/**
 * @param {Route|null} route @param {Row[]} rows @param {number} shiftId
 * @returns {Map<number, Standing>} the best standing of every checkpoint that was tried
 */
export function checkpointStandings(route, rows, shiftId) {
  const rank = ["refused", "not_counted", "review", "waiting", "stored", "counted"];
  /** @type {Map<number, Standing>} */
  const best = new Map();
  for (const row of rows) {
    const id = row.envelope.body.checkpoint_id;
    if (row.kind !== "checkin" || row.shift_id !== shiftId || !route?.checkpoints.some((c) => c.id === id)) continue;
    const now = standing(row);
    const before = best.get(id);
    if (!before || rank.indexOf(now) > rank.indexOf(before)) best.set(id, now);
  }
  return best;
}

/** @param {Standing|undefined} s whether nothing more is asked of the member there */
export function isDone(s) {
  return s === "waiting" || s === "counted" || s === "review" || s === "stored";
}

/**
 * @param {number} hotspotId @param {Row[]} rows @param {number} shiftId
 * @returns {Row|null} the arrival that has no leaving after it yet
 */
export function openArrival(hotspotId, rows, shiftId) {
  const last = lastOf(
    rows
      .filter((r) => r.kind === "checkin" && r.shift_id === shiftId && r.envelope.body.hotspot_id === hotspotId)
      .sort((a, b) => a.seq - b.seq),
  );
  return last?.envelope.body.phase === "arrive" ? last : null;
}
