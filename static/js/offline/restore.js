// @ts-check
// A saved copy, back onto a phone: what is not here yet waits again, under its own author, as it was written.
import { canonical, sha256 } from "../domain/canonical.js";
import { changed, database } from "./db.js";
import { rowOf } from "./outbox.js";

/**
 * @param {{items: any[], people: {id: number, name: string, login?: string}[]}} copy
 * @returns {Promise<{back: number, known: number, damaged: number}>}
 */
export async function restoreCopy({ items, people }) {
  const sound = [];
  for (const item of items) if (await isSound(item)) sound.push(item); // hashing first: a transaction does not wait for it
  const tx = (await database()).transaction(["items", "receipts", "people"], "readwrite", { durability: "strict" });
  const finished = tx.done;
  finished.catch(() => {}); // an abort is reported by the await below
  let back = 0;
  for (const envelope of sound) {
    // Waiting, on its way, or decided already: the id is the same wherever it was kept.
    if ((await tx.objectStore("items").get(envelope.id)) || (await tx.objectStore("receipts").get(envelope.id))) continue;
    await tx.objectStore("items").add(rowOf(envelope));
    back += 1;
  }
  for (const { id, name, login } of people) {
    if (Number.isInteger(id) && typeof name === "string" && !(await tx.objectStore("people").get(id))) {
      await tx.objectStore("people").put({ id, name, login });
    }
  }
  await finished;
  changed("items");
  return { back, known: sound.length - back, damaged: items.length - sound.length };
}

/** @param {any} item */
async function isSound(item) {
  const whole =
    typeof item?.id === "string" && Number.isInteger(item.author_id) && Number.isInteger(item.device_seq) &&
    typeof item.kind === "string" && item.body && typeof item.body === "object" && !Number.isNaN(Date.parse(item.device_at));
  return !!whole && (await sha256(canonical(item.body))) === item.sha256;
}
