// @ts-check
// Photos of places. One stays here, seen by nobody, until faces and plates are blurred or the member has said that there
// are none; it goes to the server after its report's receipt, by itself, and leaves the phone when the server has it.
import { CLIENT } from "../api.js";
import { retryAfterMs } from "../domain/backoff.js";
import { changed, database } from "./db.js";

/**
 * raw: not looked through yet · cleared: may be sent, once its report is there · refused: the server does not take it
 * @typedef {{id: string, author_id: number, report_id: string|null, state: "raw"|"cleared"|"refused", blob: Blob,
 *   width: number, height: number, made_at: number, reason?: string}} Photo
 */

const TIMEOUT_MS = 90_000;
const LOST_MS = 86_400_000;
const NEVER = [400, 404, 413, 415, 422];

/** @param {Photo} photo */
export async function keepPhoto(photo) {
  const tx = (await database()).transaction("photos", "readwrite", { durability: "strict" });
  await tx.store.add(photo);
  await tx.done;
}

/**
 * Looked through: what was blurred takes the place of what was there.
 * @param {string} id @param {Blob|null} blurred null: there was nothing to blur
 */
export async function clearPhoto(id, blurred) {
  const tx = (await database()).transaction("photos", "readwrite", { durability: "strict" });
  const photo = await tx.store.get(id);
  if (photo) await tx.store.put({ ...photo, blob: blurred ?? photo.blob, state: "cleared" });
  await tx.done;
  changed("photos");
}

/** @param {string[]} ids */
export async function dropPhotos(ids) {
  const tx = (await database()).transaction("photos", "readwrite");
  for (const id of ids) await tx.store.delete(id);
  await tx.done;
  changed("photos");
}

/** @param {string[]} ids @returns {Promise<Photo[]>} those that are still here, in this order */
export async function readPhotos(ids) {
  const db = await database();
  return (await Promise.all(ids.map((id) => db.get("photos", id)))).filter(Boolean);
}

/** In the transaction that saves the report: these are its photos. @param {any} tx @param {string[]} ids @param {string} report_id */
export async function giveToReport(tx, ids, report_id) {
  const store = tx.objectStore("photos");
  for (const id of ids) {
    const photo = await store.get(id);
    if (photo?.state === "cleared") await store.put({ ...photo, report_id });
  }
}

/** Photos that no draft and no report knows any more. @param {number} author_id @param {string[]} known */
export async function sweepPhotos(author_id, known) {
  const tx = (await database()).transaction("photos", "readwrite");
  for (const photo of await tx.store.index("by_author").getAll(author_id)) {
    if (!photo.report_id && !known.includes(photo.id) && Date.now() - photo.made_at > LOST_MS) await tx.store.delete(photo.id);
  }
  await tx.done;
}

/** Those that wait for the server, by author: they count as not sent. One of a refused report waits for its author's
 * second thoughts, shown with the report. @param {any} tx @returns {Promise<{author_id: number, made_at: number}[]>} */
export async function waitingPhotos(tx) {
  /** @type {Photo[]} */
  const kept = await tx.objectStore("photos").getAll();
  const all = kept.filter((p) => p.report_id && p.state === "cleared");
  const reports = await Promise.all(all.map((p) => tx.objectStore("items").get(p.report_id)));
  return all.filter((_, n) => reports[n]?.state !== "refused").map(({ author_id, made_at }) => ({ author_id, made_at }));
}

/**
 * Send what may go; the caller holds the sender's lock and has asked who is signed in.
 * @param {number} author_id
 * @returns {Promise<{ending: "idle"|"wait"|"signin", waitMs: number|null}>}
 */
export async function sendPhotos(author_id) {
  const db = await database();
  let n = 0;
  try {
    for (const photo of await db.getAllFromIndex("photos", "by_author", author_id)) {
      if (photo.state !== "cleared" || !photo.report_id) continue;
      const report = await db.get("items", photo.report_id);
      // Its report goes first; a refused one is being written anew, and takes its photos along.
      if (report && report.state !== "acked" && report.state !== "held") continue;
      const { status, code, retryAfter } = await upload(photo);
      if (status === 401) return { ending: "signin", waitMs: null };
      if (status === 200 || status === 201 || status === 204) await db.delete("photos", photo.id);
      else if (NEVER.includes(status)) await db.put("photos", { ...photo, state: "refused", reason: code });
      else return { ending: "wait", waitMs: retryAfterMs(retryAfter, Date.now()) };
      n += 1;
    }
  } finally {
    if (n) changed("photos");
  }
  return { ending: "idle", waitMs: null };
}

/** @param {Photo} photo */
async function upload(photo) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), TIMEOUT_MS);
  try {
    const answer = await fetch(`/api/v1/field/photos/${photo.id}`, {
      method: "PUT", body: photo.blob, signal: stop.signal, credentials: "same-origin", redirect: "manual", cache: "no-store",
      headers: { Accept: "application/json", "X-Xunfang-Client": CLIENT, "Content-Type": photo.blob.type || "image/jpeg" },
    });
    const json = await answer.json().catch(() => null);
    // A hotel's sign-in page says 200, too: only our own words count.
    const ours = answer.ok ? json?.id === photo.id : typeof json?.code === "string";
    return { status: ours || answer.status >= 500 ? answer.status : 0, code: String(json?.code ?? ""), retryAfter: answer.headers.get("Retry-After") };
  } catch {
    return { status: 0, code: "", retryAfter: null };
  } finally {
    clearTimeout(timer);
  }
}
