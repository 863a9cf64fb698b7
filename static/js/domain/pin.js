// @ts-check
// What a typed PIN proves, and what goes along with it. Pure.
import { fixOf } from "./claim.js";

export const PIN_DIGITS = 4;

/** @param {(bytes: Uint8Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>} [fill] @returns {string} 32 hex letters, used once */
export function newNonce(fill = (bytes) => crypto.getRandomValues(bytes)) {
  return hex(fill(new Uint8Array(16)));
}

/**
 * What is sent instead of the PIN. The phone does not know which PIN was typed, nor whether it is right: only the server
 * does, and it says nothing about it.
 * @param {string} pin @param {{salt_hex: string, rounds: number}} how @param {string} nonce @returns {Promise<string>} 64 hex letters
 */
export async function proofOf(pin, { salt_hex, rounds }, nonce) {
  const text = new TextEncoder();
  const salt = Uint8Array.from(salt_hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
  const typed = await crypto.subtle.importKey("raw", text.encode(pin), "PBKDF2", false, ["deriveBits"]);
  const bits = await crypto.subtle.deriveBits({ name: "PBKDF2", hash: "SHA-256", salt, iterations: rounds }, typed, 256);
  const key = await crypto.subtle.importKey("raw", bits, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return hex(new Uint8Array(await crypto.subtle.sign("HMAC", key, text.encode(nonce))));
}

const FRESH_MS = 5 * 60_000;

/**
 * What "I'm OK" says. With a PIN, whichever was typed, it says where, as a call for help does: nobody but the server knows
 * whether it is one. Nothing is asked of the receiver: what it said last on duty is taken, if that is fresh.
 * @param {number} shift_id @param {{nonce: string, proof?: string}} proving
 * @param {import("../location.js").Position|null} position @param {number} now epoch ms
 */
export function okBody(shift_id, proving, position, now) {
  const fresh = position && now - position.at <= FRESH_MS;
  return { shift_id, ...proving, ...(proving.proof && fresh ? { fix: fixOf(position, now) } : {}) };
}

/** @param {Uint8Array} bytes */
function hex(bytes) {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}
