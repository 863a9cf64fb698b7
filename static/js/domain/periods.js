// @ts-check
// Periods of so many days, one after the other, counted back from the one that ends today. Pure.

const DAY_MS = 86_400_000;

/** @param {string} today e.g. 2026-11-28 @param {number} days @param {number} step 0 is the one that ends today, -1 the one before @returns {[string, string]} */
export function periodAt(today, days, step) {
  const last = Date.parse(`${today}T00:00:00Z`) + step * days * DAY_MS;
  return [dayOf(last - (days - 1) * DAY_MS), dayOf(last)];
}

/** @param {number} ms */
const dayOf = (ms) => new Date(ms).toISOString().slice(0, 10);
