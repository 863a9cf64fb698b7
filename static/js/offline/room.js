// @ts-check
// Room on the phone, and asking the browser not to clear it.

/** @typedef {{low: boolean, freeBytes: number|null}} Space */

const KNOWN_MS = 5_000; // the browser counts through its files each time

/** @type {{at: number, space: Promise<Space>}|null} */
let known = null;

/** As it stood within the last seconds: for what is read again at every change. @returns {Promise<Space>} */
export function roomLately() {
  if (!known || Math.abs(Date.now() - known.at) > KNOWN_MS) known = { at: Date.now(), space: room() };
  return known.space;
}

/** @returns {Promise<Space>} */
export async function room() {
  try {
    const { quota, usage } = await navigator.storage.estimate();
    if (!quota) return { low: false, freeBytes: null };
    const free = quota - (usage ?? 0);
    return { low: free < 8_000_000, freeBytes: free };
  } catch {
    return { low: false, freeBytes: null };
  }
}

/** @returns {Promise<boolean>} whether the browser promised to keep our data */
export async function askToKeep() {
  try {
    return (await navigator.storage.persisted()) || (await navigator.storage.persist());
  } catch {
    return false;
  }
}

/** @param {unknown} error */
export function isFull(error) {
  return error instanceof DOMException && error.name === "QuotaExceededError";
}
