// @ts-check
// How long to wait after the n-th failure in a row: doubling, half of it by chance, so that two hundred
// phones that lost the same mast do not come back in the same second.

const FIRST_MS = 2_000;
const LONGEST_MS = 5 * 60_000;

/**
 * @param {number} failures 1 after the first failure
 * @param {() => number} [random] in [0, 1)
 * @returns {number} milliseconds
 */
export function backoffMs(failures, random = Math.random) {
  const whole = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, Math.min(failures - 1, 20)));
  return Math.round(whole / 2 + random() * (whole / 2));
}

/**
 * @param {string|null|undefined} header Retry-After: seconds or an HTTP date
 * @param {number} now epoch ms
 * @returns {number|null} milliseconds from now, at most an hour; null when absent or unreadable
 */
export function retryAfterMs(header, now) {
  if (!header) return null;
  const text = header.trim();
  const wait = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now;
  if (!Number.isFinite(wait)) return null;
  return Math.min(Math.max(0, wait), 3_600_000);
}
