// @ts-check
// The sending rule. It trusts only a receipt: whatever else comes back, a 500 or a hotel's sign-in page
// included, the item is still waiting. Pure: an answer in, states out.
import { isUrgent } from "./alarm.js";
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
 *   items: Map<string, {state: State, receipt?: Receipt, delayMs?: number}>,
 *   waitMs: number|null,            // asked for by the server; null: use our own back-off
 *   epoch: string|null
 * }} Outcome
 */

/** A borrowed phone's calls for help, and their ends, leave it whoever is signed in; "I'm OK" waits for its author. */
const BORROWED = ["sos", "sos.cancel"];
/** The end of a call that the server does not have from here: its author's next sign-in brings it, or a try later. */
export const STRANGERS_WAIT_MS = 600_000;

/**
 * Does this row leave at once, ahead of everything?
 * @param {{kind: string, state: string, author_id: number, not_before?: number}} row
 * @param {number} me who is signed in @param {number} now epoch ms
 */
export function goesAtOnce(row, me, now) {
  if (!isUrgent(row)) return false;
  return row.author_id === me || (BORROWED.includes(row.kind) && (row.not_before ?? 0) <= now);
}

/**
 * What the server held because it is not of whoever is signed in goes on waiting for its author.
 * @param {Outcome["items"]} items @param {(id: string) => boolean} isMine
 * @returns {Outcome["items"]}
 */
export function keptForAuthors(items, isMine) {
  return new Map([...items].map(([id, one]) => {
    if (isMine(id) || !isOfOther(one)) return [id, one];
    return [id, { state: "queued", delayMs: STRANGERS_WAIT_MS }];
  }));
}

/** @param {{receipt?: Receipt}} one */
export function isOfOther(one) {
  return !!one.receipt?.reasons?.includes("other_author");
}

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
