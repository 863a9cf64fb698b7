// @ts-check
// A member's word about a verdict, and what has become of it. Pure.
import { standing } from "./duty.js";
import { lastOf } from "./track.js";

export const PHRASES = /** @type {const} */ (["was_there", "gps_bad", "code_unreadable", "blocked", "phone_clock", "other"]);
export const MOST_LETTERS = 280;

/**
 * @typedef {{row: import("./duty.js").Row, state: "waiting"|"open"|"counted"|"not_counted"|"seen"|"refused"}} Said
 * @param {import("./duty.js").Row[]} rows own rows @param {string} itemId
 * @returns {Said|null} what was said last about an item, and what became of it
 */
export function lastAnswer(rows, itemId) {
  const row = lastOf(rows.filter((r) => r.kind === "answer" && r.envelope.body.item_id === itemId));
  if (!row) return null;
  const stands = standing(row);
  if (stands === "waiting" || stands === "refused" || stands === "counted" || stands === "not_counted") return { row, state: stands };
  return { row, state: row.receipt?.reasons?.includes("answer_seen") ? "seen" : "open" };
}

/**
 * Whether there is something to contest: it was not counted, or is held, or carries a remark; and nothing said is open.
 * @param {import("./duty.js").Row} row @param {Said|null} said
 */
export function mayContest(row, said) {
  if (said && (said.state === "waiting" || said.state === "open")) return false;
  const stands = standing(row);
  const marked = stands === "counted" && (row.receipt?.reasons ?? []).length > 0;
  return stands === "not_counted" || stands === "review" || marked;
}
