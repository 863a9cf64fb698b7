// @ts-check
// What the server last said about me, kept for a look without signal; and my wishes about my data, which hold on this
// phone at once and are told to the server at the next chance.
import { call } from "../api.js";
import { WORDS } from "../domain/consent.js";
import { changed, getMeta, setMeta } from "./db.js";

/**
 * @typedef {import("../domain/consent.js").Wish} Wish
 * @typedef {{person: any, roles: string[], consents: import("../domain/consent.js").Consent[], totp?: {on: boolean, asked?: boolean},
 *   calendar?: {url: string|null}, pin?: {set: boolean}, got_at: number}} MeDoc
 */

/** @param {number} person_id @returns {Promise<MeDoc|null>} */
export async function readMe(person_id) {
  return (await getMeta(`me:${person_id}`)) ?? null;
}

/** @param {number} person_id @returns {Promise<MeDoc|null>} null: no answer */
export async function fetchMe(person_id) {
  const asked_at = Date.now(); // a wish of the meantime it may not know
  const reply = await call("GET", "/me");
  return reply.status === 200 ? keepMe(person_id, reply.json, asked_at) : null;
}

/** @param {number} person_id @param {any} said @param {number} [got_at] @returns {Promise<MeDoc|null>} */
export async function keepMe(person_id, said, got_at = Date.now()) {
  if (said?.person?.id !== person_id) return null; // somebody else's, signed in beside this page
  const doc = { ...said, got_at };
  await setMeta(`me:${person_id}`, doc);
  changed("me");
  return doc;
}

/** @param {number} person_id @returns {Promise<Record<string, Wish>>} */
export async function readWishes(person_id) {
  return (await getMeta(`wishes:${person_id}`)) ?? {};
}

/**
 * Said here, and from now on obeyed here.
 * @param {number} person_id @param {keyof typeof WORDS} purpose @param {boolean} given
 * @returns {Promise<"sent"|"later"|"changed">} changed: other words are in force, nothing was agreed to
 */
export async function wish(person_id, purpose, given) {
  const one = { given, version: WORDS[purpose], sent_at: null };
  await setMeta(`wishes:${person_id}`, { ...(await readWishes(person_id)), [purpose]: one });
  changed("me");
  return (await sendWishes(person_id))[purpose] ?? "sent";
}

/**
 * Tells the server what it has not heard yet.
 * @param {number} person_id @returns {Promise<Record<string, "sent"|"later"|"changed">>} by purpose
 */
export async function sendWishes(person_id) {
  /** @type {Record<string, "sent"|"later"|"changed">} */
  const became = {};
  for (const [purpose, one] of Object.entries(await readWishes(person_id))) {
    if (one.sent_at !== null) continue;
    const reply = await call("PUT", `/me/consents/${purpose}`, { body: { given: one.given, version: one.version } });
    became[purpose] = reply.status === 200 ? "sent" : reply.status === 409 ? "changed" : "later";
    if (became[purpose] === "changed") await forgetWish(person_id, purpose); // nothing is agreed to unread
    if (became[purpose] === "sent") await markSent(person_id, purpose, one);
  }
  return became;
}

/** Unless something else was said meanwhile. @param {number} person_id @param {string} purpose @param {Wish} one */
async function markSent(person_id, purpose, one) {
  const now = await readWishes(person_id);
  if (now[purpose]?.given !== one.given) return;
  await setMeta(`wishes:${person_id}`, { ...now, [purpose]: { ...one, sent_at: Date.now() } });
  changed("me");
}

/** @param {number} person_id @param {string} purpose */
async function forgetWish(person_id, purpose) {
  const { [purpose]: _gone, ...rest } = await readWishes(person_id);
  await setMeta(`wishes:${person_id}`, rest);
  await fetchMe(person_id);
  changed("me");
}
