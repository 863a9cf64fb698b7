// @ts-check
// A claim is what the phone says. It is made once, here, and never changed afterwards.
import { canonical, sha256 } from "./canonical.js";
import { uuid7 } from "./uuid7.js";

/**
 * @typedef {"duty.start"|"duty.pause"|"duty.resume"|"duty.end"|"checkin"|"segment"|"note"|"report"|"sos"|"sos.cancel"|"ok"|"crew.tick"|"handover"|"swap.ask"|"swap.offer"|"swap.withdraw"|"decline"|"leave.ask"|"leave.withdraw"|"answer"|"cosign"} Kind
 *
 * @typedef {Readonly<{
 *   id: string, schema: 1, device_id: string, device_seq: number, author_id: number, kind: Kind,
 *   body: Record<string, any>, device_at: string, utc_offset_min: number, monotonic_ms: number,
 *   anchor: string|null, sha256: string
 * }>} Envelope
 *
 * @typedef {{lon_e7: number, lat_e7: number, accuracy_m: number, age_ms: number, mocked?: boolean}} Fix
 *
 * @typedef {Readonly<{author_id: number, kind: Kind, body: Record<string, any>, id: string,
 *   device_at: string, utc_offset_min: number, monotonic_ms: number, sha256: string}>} Draft
 */

/**
 * Everything of an envelope that needs no counter: that is given by the outbox inside its transaction.
 * @param {{author_id: number, kind: Kind, body: Record<string, any>, id?: string, now?: number, monotonic?: number}} said
 * @returns {Promise<Draft>}
 */
export async function draftClaim({ author_id, kind, body, now = Date.now(), monotonic = performance.now(), id = uuid7(now) }) {
  const text = canonical(body);
  return Object.freeze({
    id,
    author_id,
    kind,
    body: deepFreeze(JSON.parse(text)),
    device_at: new Date(now).toISOString(),
    utc_offset_min: 0 - new Date(now).getTimezoneOffset(),
    monotonic_ms: Math.max(0, Math.floor(monotonic)),
    sha256: await sha256(text),
  });
}

/**
 * @param {Draft} draft
 * @param {{device_id: string, device_seq: number, anchor: string|null}} device
 * @returns {Envelope}
 */
export function sealClaim(draft, { device_id, device_seq, anchor }) {
  return Object.freeze({ ...draft, schema: /** @type {1} */ (1), device_id, device_seq, anchor });
}

/**
 * @param {{lon: number, lat: number, accuracy_m: number, at: number}} position degrees, epoch ms
 * @param {number} now epoch ms
 * @returns {Fix}
 */
export function fixOf(position, now) {
  return {
    lon_e7: Math.round(position.lon * 1e7),
    lat_e7: Math.round(position.lat * 1e7),
    accuracy_m: Math.max(0, Math.ceil(position.accuracy_m)),
    age_ms: Math.max(0, Math.round(now - position.at)),
  };
}

const OLDEST_FIX_MS = 600_000;

/**
 * A receiver may go by this phone's clock or by the right time (that of the satellites): whichever makes its fix younger is
 * believed, so that a phone whose clock is wrong has no old fixes. Far from both it says nothing about age.
 * @param {number} now of this phone @param {number} stamped by the receiver @param {number} ahead_ms the server's time is
 *   so far ahead of this phone's @returns {number} ms; all in epoch ms
 */
export function fixAgeMs(now, stamped, ahead_ms) {
  const ages = [now - stamped, now + ahead_ms - stamped].filter((age) => age > -2_000 && age < OLDEST_FIX_MS);
  return ages.length ? Math.max(0, Math.min(...ages)) : 0;
}

/** @template T @param {T} value @returns {T} */
function deepFreeze(value) {
  if (value && typeof value === "object") {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}
