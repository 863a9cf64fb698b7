// @ts-check
// Spending points or hours: what stands in the way, what an answer means, what a period is. Pure.

/**
 * @typedef {{id: number, name_zh: string, name_en: string, price: number, left: "none"|"few"|"some", quota: number|null, mine: number}} Item
 */

/**
 * Why an item cannot be ordered now, as a code; "" when it can.
 * @param {Item} item
 * @param {number} available
 * @returns {""|"sold_out"|"quota"|"too_dear"}
 */
export function obstacle(item, available) {
  if (item.left === "none") return "sold_out";
  if (item.quota !== null && item.mine >= item.quota) return "quota";
  return item.price > available ? "too_dear" : "";
}

/**
 * Whether an answer says for certain what became of a request. Where it does not, the same id is sent again: ordered once.
 * @param {number} status 0: nothing came back
 */
export function isCertain(status) {
  return status !== 0 && status !== 408 && status < 500;
}

const MOST_IN_A_QR = 106; // bytes, see qr.js

/** What the picture of a code says: the desk's page with the code filled in; where that is too long, the code. @param {string} origin @param {string} code */
export function collectText(origin, code) {
  const address = `${origin}/desk/points/shop?code=${code}`;
  return new TextEncoder().encode(address).length <= MOST_IN_A_QR ? address : code;
}

/** Eight signs as one reads them aloud. @param {string} code */
export function inHalves(code) {
  return `${code.slice(0, 4)} ${code.slice(4)}`;
}

/**
 * A whole number within bounds, or null.
 * @param {string} text
 * @param {number} most
 */
export function amountOf(text, most) {
  if (!/^\d{1,6}$/.test(text.trim())) return null;
  const n = Number(text);
  return n >= 1 && n <= most ? n : null;
}

/**
 * What is wrong with the days of a certificate, as a code; "" when nothing is. All are ISO days.
 * @param {string} first
 * @param {string} last
 * @param {string} today
 * @returns {""|"days_needed"|"days_turned"|"days_not_over"}
 */
export function periodProblem(first, last, today) {
  if (!first || !last) return "days_needed";
  if (last < first) return "days_turned";
  return last >= today ? "days_not_over" : "";
}

/** The day before an ISO day. @param {string} day */
export function dayBefore(day) {
  return new Date(Date.parse(`${day}T00:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
}

/** Hours with one decimal, rounded down. @param {number} minutes */
export function hoursOf(minutes) {
  return Math.floor(minutes / 6) / 10;
}
