// @ts-check
// Room given back on a phone that is nearly full: photos are made smaller, what can be fetched again goes.
import { database } from "./db.js";

/**
 * Gives back what can be had again or made smaller, photos first; never anything that waits to be sent.
 * @returns {Promise<number>} bytes gained
 */
export async function makeRoom() {
  const before = await used();
  await shrinkPhotos().catch(() => 0);
  await globalThis.caches?.delete("xunfang-tiles").catch(() => false); // pictures of the map that were looked at
  return Math.max(0, before - (await used()));
}

async function used() {
  try {
    return (await navigator.storage.estimate()).usage ?? 0;
  } catch {
    return 0;
  }
}

const SMALL_PX = 1024;
const WORTH_BYTES = 150_000;

/** Every kept photo that is larger than it need be is drawn again, smaller; each in a transaction of its own. */
async function shrinkPhotos() {
  const db = await database();
  let n = 0;
  for (const key of await db.getAllKeys("photos")) {
    const photo = await db.get("photos", key);
    const smaller = photo?.blob?.size > WORTH_BYTES ? await smallerOf(photo.blob) : null;
    if (!smaller?.blob || smaller.blob.size > photo.blob.size * 0.8) continue;
    const tx = db.transaction("photos", "readwrite");
    const now = await tx.store.get(key);
    if (now?.blob?.size === photo.blob.size) {
      await tx.store.put({ ...now, ...smaller }); // unless it was blurred meanwhile
      n += 1;
    }
    await tx.done;
  }
  return n;
}

/** @param {Blob} blob @returns {Promise<{blob: Blob|null, width: number, height: number}>} */
async function smallerOf(blob) {
  const picture = await createImageBitmap(blob);
  const scale = Math.min(1, SMALL_PX / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const { width, height } = canvas;
  return { blob: await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.6)), width, height };
}
