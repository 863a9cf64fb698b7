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
 * @param {{id: number, name: string}[]} [people] whose they are, so that another phone can name them
 * @returns {Promise<string>} the text of the file
 */
export async function sealCopy(envelopes, phrase, iterations = ITERATIONS, people = []) {
  const salt = crypto.getRandomValues(new Uint8Array(16));
  const iv = crypto.getRandomValues(new Uint8Array(12));
  const key = await keyOf(phrase, salt, iterations);
  const plain = new TextEncoder().encode(canonical(people.length ? { items: envelopes, people } : { items: envelopes }));
  const data = new Uint8Array(await crypto.subtle.encrypt({ name: "AES-GCM", iv }, key, plain));
  return JSON.stringify({
    format: "xunfang-outbox", version: 1, kdf: "PBKDF2-SHA-256", iterations, cipher: "AES-256-GCM",
    salt: base64(salt), iv: base64(iv), data: base64(data),
  });
}

/** Why a copy did not open: `not_a_copy`, or `wrong_phrase` (which a changed file looks like, too). */
export class CopyTrouble extends Error {}

const MOST_ITERATIONS = 10_000_000; // a made-up file shall not keep the phone busy for an hour

/**
 * @param {string} text @param {string} phrase
 * @returns {Promise<{items: any[], people: {id: number, name: string}[]}>} throws CopyTrouble
 */
export async function readCopy(text, phrase) {
  const file = parse(text);
  if (file?.format !== "xunfang-outbox" || file.version !== 1 || !(file.iterations <= MOST_ITERATIONS)) throw new CopyTrouble("not_a_copy");
  let plain;
  try {
    const key = await keyOf(phrase, bytes(file.salt), file.iterations);
    plain = await crypto.subtle.decrypt({ name: "AES-GCM", iv: bytes(file.iv) }, key, bytes(file.data));
  } catch {
    throw new CopyTrouble("wrong_phrase");
  }
  const said = parse(new TextDecoder().decode(plain));
  if (!Array.isArray(said?.items)) throw new CopyTrouble("not_a_copy");
  return { items: said.items, people: Array.isArray(said.people) ? said.people : [] };
}

/** @param {string} text @param {string} phrase @returns {Promise<any[]>} the envelopes alone */
export async function openCopy(text, phrase) {
  return (await readCopy(text, phrase)).items;
}

/** @param {string} text @returns {any} undefined when it is not JSON */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
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
