// @ts-check
// "Save a copy": the waiting rows in a file that only the phrase opens. It holds positions, so it is never plain.
// PBKDF2-SHA-256 to a 256-bit key, AES-GCM; the parameters are in the file, so that it can be opened in ten years.
import { canonical } from "../domain/canonical.js";

const ITERATIONS = 600_000;
const LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"; // no I O 0 1; 32 letters, five bits each

/** @returns {string} four groups of four: 80 bits */
export function newPhrase() {
  const letters = Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => LETTERS[b & 31]).join("");
  return letters.replace(/(.{4})(?=.)/g, "$1-");
}

/**
 * @param {object[]} envelopes @param {string} phrase @param {number} [iterations]
 * @returns {Promise<string>} the text of the file
 */
export async function sealCopy(envelopes, phrase, iterations = ITERATIONS) {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const key = await keyOf(phrase, salt, iterations);
  const plain = new TextEncoder().encode(canonical({ items: envelopes }));
  const data = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, plain));
  return JSON.stringify({
    format: "xunfang-outbox", version: 1, kdf: "PBKDF2-SHA-256", iterations, cipher: "AES-256-GCM",
    salt: base64(salt), iv: base64(iv), data: base64(data),
  });
}

/**
 * @param {string} text @param {string} phrase
 * @returns {Promise<any[]>} the envelopes; throws when the phrase is wrong or the file was changed
 */
export async function openCopy(text, phrase) {
  const file = JSON.parse(text);
  const key = await keyOf(phrase, bytes(file.salt), file.iterations);
  const plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes(file.iv) }, key, bytes(file.data));
  return JSON.parse(new TextDecoder().decode(plain)).items;
}

/** @param {string} phrase @param {Uint8Array<ArrayBuffer>} salt @param {number} iterations */
async function keyOf(phrase, salt, iterations) {
  const tidy = phrase.toUpperCase().replace(/[^A-Z2-9]/g, "");
  const raw = await crypto.subtle.importKey("raw", new TextEncoder().encode(tidy), "PBKDF2", false, ["deriveKey"]);
  return crypto.subtle.deriveKey(
    { name: "PBKDF2", hash: "SHA-256", salt, iterations }, raw, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"],
  );
}

/** @param {Uint8Array} data */
function base64(data) {
  let text = "";
  for (let i = 0; i < data.length; i += 8192) text += String.fromCharCode(...data.subarray(i, i + 8192));
  return btoa(text);
}

/** @param {string} text @returns {Uint8Array<ArrayBuffer>} */
function bytes(text) {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}
