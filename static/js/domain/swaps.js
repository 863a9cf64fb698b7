// @ts-check
// What is true on the phone about swaps and leave: the plan as last seen, and what was said here since. Pure.
import { lastOf } from "./track.js";

/**
 * @typedef {import("./duty.js").Row} Row
 * @typedef {import("./duty.js").Swap} Swap
 * @typedef {import("./duty.js").Shift} Shift
 * @typedef {{id: string, state: string, to: string|null, offers: {id: number, name: string}[], taken_by: string|null,
 *   why: string|null, waiting: boolean}} MyAsk
 * @typedef {{id: string, shift: Shift, name: string, to_me: boolean, state: string, offered: boolean,
 *   taken_by_me: boolean, waiting: boolean}} Call
 * @typedef {{id: string, from_on: string, to_on: string, phrase: string, state: string, why: string|null, waiting: boolean}} Away
 */

export const WHY = /** @type {const} */ (["work", "ill", "family", "travel", "other"]);
export const WHY_LEAVE = /** @type {const} */ (["ill", "family", "travel", "work", "rest"]);

const waits = (/** @type {Row} */ row) => row.state === "queued" || row.state === "sending";
/** Said here and not in the plan yet: it waits, or the plan is older than its receipt. */
const newer = (/** @type {Row} */ row, /** @type {number} */ planAt) => waits(row) || row.state === "held" || row.state_at >= planAt;
const said = (/** @type {Row[]} */ rows, /** @type {string} */ kind) => rows.filter((r) => r.kind === kind && r.state !== "refused").sort((a, b) => a.seq - b.seq);

/**
 * My own asking for a shift, if there is one that stands.
 * @param {Shift} shift @param {Row[]} rows @param {number} me @param {number} planAt
 * @param {{id: number, name: string}[]} colleagues
 * @returns {MyAsk|null}
 */
export function myAsk(shift, rows, me, planAt, colleagues) {
  const taken = new Set(said(rows, "swap.withdraw").map((r) => r.envelope.body.ask_id));
  const here = lastOf(said(rows, "swap.ask").filter((r) => r.shift_id === shift.id && !taken.has(r.id)));
  const planned = lastOf((shift.swaps ?? []).filter((s) => s.person_id === me && !taken.has(s.id)));
  if (here && planned?.id !== here.id && newer(here, planAt)) {
    const to = colleagues.find((c) => c.id === here.envelope.body.to_person_id)?.name ?? null;
    return { id: here.id, state: "asked", to, offers: [], taken_by: null, why: null, waiting: waits(here) };
  }
  if (!planned) return null;
  const { id, state, to, offers, taken_by, why } = planned;
  return { id, state, to, offers, taken_by, why, waiting: false };
}

/**
 * What colleagues ask that I may take, or offered to take; soonest first.
 * @param {Shift[]} shifts @param {Row[]} rows @param {number} me @param {number} planAt
 * @returns {Call[]}
 */
export function calls(shifts, rows, me, planAt) {
  const steps = rows.filter((r) => (r.kind === "swap.offer" || r.kind === "swap.withdraw") && r.state !== "refused").sort((a, b) => a.seq - b.seq);
  const all = shifts.flatMap((shift) => (shift.swaps ?? []).filter((s) => s.person_id !== me).map((swap) => ({ shift, swap })));
  return all
    .map(({ shift, swap }) => {
      const last = lastOf(steps.filter((r) => r.envelope.body.ask_id === swap.id));
      const planned = swap.offers.some((o) => o.id === me);
      const offered = last && newer(last, planAt) ? last.kind === "swap.offer" : planned;
      return {
        id: swap.id, shift, name: swap.name, to_me: swap.to_me, state: swap.state, offered,
        taken_by_me: swap.taken_by_me, waiting: !!last && waits(last),
      };
    })
    .sort((a, b) => a.shift.starts_at.localeCompare(b.shift.starts_at));
}

/** Whether I said that I do not take this shift, and the plan may not know it yet. @param {Row[]} rows @param {number} shiftId @param {number} planAt */
export function hasDeclined(rows, shiftId, planAt) {
  const last = lastOf(said(rows, "decline").filter((r) => r.shift_id === shiftId));
  return !!last && newer(last, planAt);
}

/** Whether anything can still be asked: planned, mine, not begun. @param {Shift} shift @param {number} now */
export function mayAsk(shift, now) {
  return shift.mine && shift.status === "planned" && now < Date.parse(shift.starts_at) && !shift.duty;
}

/**
 * My leave: what the plan says, and what was asked here since.
 * @param {Omit<Away, "waiting">[]} planned @param {Row[]} rows @param {number} planAt
 * @returns {Away[]}
 */
export function myLeave(planned, rows, planAt) {
  const gone = new Map(said(rows, "leave.withdraw").map((r) => [r.envelope.body.leave_id, r]));
  const known = new Set(planned.map((one) => one.id));
  const here = said(rows, "leave.ask").filter((r) => !known.has(r.id) && newer(r, planAt)).map((r) => {
    const { from_on, to_on, phrase } = r.envelope.body;
    return { id: r.id, from_on, to_on, phrase, state: "asked", why: null, waiting: waits(r) };
  });
  return [...planned.map((one) => ({ ...one, waiting: false })), ...here]
    .map((one) => {
      const row = gone.get(one.id);
      return row ? { ...one, state: "withdrawn", waiting: waits(row) } : one;
    })
    .sort((a, b) => a.from_on.localeCompare(b.from_on));
}

/** @param {string} from @param {string} to days as a date input gives them @param {string} today */
export function leaveProblem(from, to, today) {
  if (!from || !to) return "leave.days_needed";
  if (to < from) return "leave.days_order";
  if (to < today) return "leave.days_past";
  return null;
}
