// @ts-check
// Stars for verified hours: an honour and nothing else. Pure.

export const STAR_HOURS = /** @type {const} */ ([100, 300, 600, 1000, 1500]);

/**
 * @param {number} minutes verified, of all time
 * @returns {{stars: number, hours: number, next: number|null, left: number}} next: hours of the next star; left: to it
 */
export function starsFor(minutes) {
  const hours = Math.floor(Math.max(0, minutes) / 60);
  const stars = STAR_HOURS.filter((h) => hours >= h).length;
  const next = STAR_HOURS[stars] ?? null;
  return { stars, hours, next, left: next === null ? 0 : next - hours };
}
