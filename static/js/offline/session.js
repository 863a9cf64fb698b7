// @ts-check
// Who is signed in on this phone. Kept here too, so that a cold start without signal knows whose plan to show.
// Signing out or in wipes nothing of the queue: rows belong to their author.
import { call } from "../api.js";
import { changed, database, getMeta, setMeta } from "./db.js";

/**
 * @typedef {{id: number, name: string, login?: string, language?: string}} Person
 * @typedef {{person: Person|null, roles: string[], expired: boolean, verified_at: number, leaving?: boolean}} Session
 */

const FRESH_MS = 10 * 60_000;
let verifiedHere = false; // the worker and every page look once for themselves

/** @returns {Promise<Session>} */
export async function readSession() {
  return sessionOf(await getMeta("session"));
}

/** @param {Session|undefined} stored @returns {Session} */
export function sessionOf(stored) {
  return stored ?? { person: null, roles: [], expired: false, verified_at: 0 };
}

/**
 * @param {string} login @param {string} password @param {string} [totp] six digits, or a recovery code
 * @returns {Promise<import("../api.js").Reply>}
 */
export async function signIn(login, password, totp) {
  return enter("/session", { login, password, ...(totp ? { totp } : {}) });
}

/**
 * The leader's code, once: afterwards this phone is known and nothing has to be remembered.
 * @param {string} code @param {string} [totp]
 */
export async function signInByCode(code, totp) {
  return enter("/session/code", { code, ...(totp ? { totp } : {}) });
}

/** @param {string} path @param {Record<string, string>} body @returns {Promise<import("../api.js").Reply>} */
async function enter(path, body) {
  const reply = await call("POST", path, { body });
  if (reply.status === 200 && reply.json?.person) await keep(reply.json);
  return reply;
}

/** Works without signal too: the cookie is given back at the next chance, and nothing is sent before that. */
export async function signOut() {
  const reply = await call("DELETE", "/session", { timeoutMs: 8_000 });
  const gone = reply.status === 204 || reply.status === 401;
  await setMeta("session", { person: null, roles: [], expired: false, verified_at: 0, leaving: !gone });
  await dropTiles();
  changed("session");
}

/**
 * Whose session the cookie is: asked of the server before sending, for another page of this browser may have
 * signed somebody else in.
 * @returns {Promise<number|null|undefined>} the author to send for; null: sign in first; undefined: no answer
 */
export async function confirmIdentity() {
  const session = await readSession();
  if (session.leaving) {
    const reply = await call("DELETE", "/session", { timeoutMs: 8_000 });
    if (reply.status !== 204 && reply.status !== 401) return undefined;
    await setMeta("session", { ...session, leaving: false });
  }
  if (!session.person || session.expired) return null;
  if (verifiedHere && Date.now() - session.verified_at < FRESH_MS) return session.person.id;
  return refreshIdentity();
}

/**
 * Ask the server who the cookie belongs to, and keep it. A 401 keeps the person: the pages go on working.
 * @returns {Promise<number|null|undefined>}
 */
export async function refreshIdentity() {
  const reply = await call("GET", "/session", { timeoutMs: 15_000 });
  if (reply.status === 200 && reply.json?.person) {
    await keep(reply.json);
    return reply.json.person.id;
  }
  if (reply.status !== 401) return undefined;
  const session = await readSession();
  if (session.person && !session.expired) {
    await setMeta("session", { ...session, expired: true });
    changed("session");
  }
  return null;
}

/** @param {{person: Person, roles?: string[]}} said */
async function keep(said) {
  const before = await readSession();
  const { id, name, login, language } = said.person;
  await (await database()).put("people", { id, name, login });
  await setMeta("session", {
    person: { id, name, login, language }, roles: said.roles ?? [], expired: false, verified_at: Date.now(), leaving: false,
  });
  verifiedHere = true;
  if (before.person?.id !== id) await dropTiles(); // tiles hold what their caller may see
  if (before.person?.id !== id || before.expired) changed("session");
}

async function dropTiles() {
  await globalThis.caches?.delete("xunfang-tiles").catch(() => false);
}
