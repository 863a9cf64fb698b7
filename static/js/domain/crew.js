// @ts-check
// The crew: the code its leader shows, who is here without a phone. Pure but for SubtleCrypto, which needs no signal.

import { lastOf } from "./track.js";

export const STEP_MS = 60_000;

/**
 * The same as app/duty/rules.py `crew_code`.
 * @param {string} secretHex @param {number} shiftId @param {number} at epoch ms, corrected by the server's time
 * @returns {Promise<string>} XC1.<shift>.<six digits>
 */
export async function crewCode(secretHex, shiftId, at) {
  const secret = Uint8Array.from(secretHex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const key = await crypto.subtle.importKey("raw", secret, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const said = new TextEncoder().encode(`crew:${shiftId}:${Math.floor(at / STEP_MS)}`);
  const mac = new DataView(await crypto.subtle.sign("HMAC", key, said));
  return `XC1.${shiftId}.${String(mac.getUint32(0) % 1_000_000).padStart(6, "0")}`;
}

/** @param {number} at epoch ms @returns {number} whole seconds until the next code */
export function secondsLeft(at) {
  return Math.ceil((STEP_MS - (at % STEP_MS)) / 1000);
}

/**
 * What was scanned or typed: the whole code, or its six digits (spaces and full-width digits allowed) for a known shift.
 * @param {string} text @param {number|null} [shiftId]
 * @returns {{shift_id: number, code: string}|null}
 */
export function readCode(text, shiftId = null) {
  const plain = text.normalize("NFKC").replace(/[\s-]/g, "").toUpperCase();
  const whole = /^XC1\.(\d{1,15})\.(\d{6})$/.exec(plain);
  if (whole) return { shift_id: Number(whole[1]), code: plain };
  if (shiftId === null || !/^\d{6}$/.test(plain)) return null;
  return { shift_id: shiftId, code: `XC1.${shiftId}.${plain}` };
}

/** @param {string} code @returns {string} "123 456", to be read aloud */
export function spokenDigits(code) {
  const digits = code.split(".")[2] ?? "";
  return `${digits.slice(0, 3)} ${digits.slice(3)}`;
}

/**
 * @typedef {{person_id: number, name: string, state?: string|null, has_phone?: boolean, planned?: boolean}} Mate
 * @typedef {{id: number, name: string, team_id: number, has_phone: boolean}} Colleague
 */

/**
 * Whom the leader may tick: the team's members without a phone, and whoever is planned and has not started by phone.
 * @param {{team: {id: number}, crew: Mate[]}} shift @param {Colleague[]} colleagues @param {number} me
 * @param {number[]} ticked
 * @returns {{id: number, name: string, has_phone: boolean}[]}
 */
export function tickable(shift, colleagues, me, ticked) {
  const found = new Map();
  for (const mate of shift.crew) {
    const byPhone = mate.state && !ticked.includes(mate.person_id) && mate.has_phone !== false;
    if (mate.person_id !== me && !byPhone) {
      found.set(mate.person_id, { id: mate.person_id, name: mate.name, has_phone: mate.has_phone !== false });
    }
  }
  for (const c of colleagues) {
    if (c.team_id === shift.team.id && !c.has_phone && c.id !== me && !found.has(c.id)) found.set(c.id, c);
  }
  return [...found.values()].sort((a, b) => Number(a.has_phone) - Number(b.has_phone));
}

/**
 * Who was ticked last, on this phone; null when nobody ever was.
 * @param {import("./duty.js").Row[]} rows @param {number} shiftId @returns {number[]|null}
 */
export function lastTick(rows, shiftId) {
  const ticks = rows.filter((r) => r.kind === "crew.tick" && r.shift_id === shiftId && r.state !== "refused");
  const last = lastOf(ticks.sort((a, b) => a.seq - b.seq));
  return last ? last.envelope.body.present : null;
}

/**
 * Shifts of my teams that somebody could join now: planned, from an hour before to the end.
 * @template {{status: string, starts_at: string, ends_at: string}} S
 * @param {S[]} shifts @param {number} now epoch ms @returns {S[]}
 */
export function joinable(shifts, now) {
  return shifts.filter(
    (s) => s.status === "planned" && Date.parse(s.starts_at) - 3_600_000 < now && now < Date.parse(s.ends_at),
  );
}
