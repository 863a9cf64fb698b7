// @ts-check
// The sending rule. It trusts only a receipt: whatever else comes back, a 500 or a hotel's sign-in page
// included, the item is still waiting. Pure: an answer in, states out.
import { retryAfterMs } from "./backoff.js";

/**
 * @typedef {"queued"|"sending"|"acked"|"held"|"refused"} State
 *
 * @typedef {{id: string, result: string, verdict?: string|null, reasons?: string[],
 *   effective_at?: string|null, changed_at?: string|null, evidence_level?: number|null}} Receipt
 *
 * @typedef {{
 *   status: number,                 // 0 when nothing came back
 *   json: any,                      // parsed body when it was JSON, else undefined
 *   retryAfter?: string|null
 * }} Answer
 *
 * @typedef {{
 *   verdict: "receipts"|"signin"|"wait"|"split"|"retry",
 *   items: Map<string, {state: State, receipt?: Receipt}>,
 *   waitMs: number|null,            // asked for by the server; null: use our own back-off
 *   epoch: string|null
 * }} Outcome
 */

/** How long an acknowledged row stays on the phone: a server restored from backup may ask for it again. */
export const KEEP_ACKED_MS = 72 * 3_600_000;

/**
 * @param {Receipt} receipt
 * @returns {State}
 */
export function stateOf(receipt) {
  switch (receipt.result) {
    case "stored":
    case "duplicate":
      return "acked";
    case "held":
      return "held";
    case "rejected":
    case "conflict":
      return "refused";
    default:
      return "queued"; // a word from a newer server: not understood is not sent
  }
}

/**
 * @param {Answer} answer
 * @param {string[]} ids what was sent, in order
 * @param {number} now epoch ms
 * @returns {Outcome}
 */
export function judgeAnswer(answer, ids, now) {
  const waiting = () => /** @type {Outcome["items"]} */ (new Map(ids.map((id) => [id, { state: "queued" }])));
  /** @param {Outcome["verdict"]} verdict @param {number|null} [waitMs] @returns {Outcome} */
  const still = (verdict, waitMs = null) => ({ verdict, items: waiting(), waitMs, epoch: null });

  const asked = retryAfterMs(answer.retryAfter, now);
  if (answer.status === 401) return still("signin");
  if (answer.status === 413) return still("split", asked);
  if (answer.status === 429 || answer.status === 503) return still("wait", asked);
  if (answer.status === 400 || answer.status === 422) return still(ids.length > 1 ? "split" : "retry", asked);
  if (answer.status !== 200 || !Array.isArray(answer.json?.receipts)) return still("retry", asked);

  const items = waiting();
  for (const receipt of answer.json.receipts) {
    if (receipt && items.has(receipt.id)) items.set(receipt.id, { state: stateOf(receipt), receipt });
  }
  const epoch = typeof answer.json.epoch === "string" ? answer.json.epoch : null;
  return { verdict: "receipts", items, waitMs: null, epoch };
}

/**
 * May a finished row leave the phone?
 * @param {{state: State, state_at: number, receipt?: Receipt|null}} row
 * @param {number} now epoch ms
 */
export function mayForget(row, now) {
  const age = now - row.state_at;
  const verdict = row.receipt?.verdict;
  // What is in review or was not counted stays for as long as it may be answered.
  if (row.state === "acked" && verdict !== "held" && verdict !== "not_counted") return age > KEEP_ACKED_MS;
  if (row.state === "acked" || row.state === "held" || row.state === "refused") return age > 30 * 86_400_000;
  return false; // not sent: never
}
