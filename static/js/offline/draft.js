// @ts-check
// What is being written and not saved yet: it outlives a reload and a dead battery.
import { database } from "./db.js";

/** @param {string} page @param {number} author_id */
const key = (page, author_id) => `${page}:${author_id}`;

/** @param {string} page @param {number} author_id @returns {Promise<any>} */
export async function readDraft(page, author_id) {
  return (await (await database()).get("drafts", key(page, author_id))) ?? null;
}

/** @param {string} page @param {number} author_id @param {any} draft null: gone */
export async function writeDraft(page, author_id, draft) {
  const db = await database();
  if (draft === null) await db.delete("drafts", key(page, author_id));
  else await db.put("drafts", draft, key(page, author_id));
}

/** In a transaction that holds `drafts`. @param {any} tx @param {string} page @param {number} author_id */
export async function dropDraft(tx, page, author_id) {
  await tx.objectStore("drafts").delete(key(page, author_id));
}
