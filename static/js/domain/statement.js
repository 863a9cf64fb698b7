// @ts-check
// A member's points in words: codes and figures from the server, sentences from the catalogue. Pure.

/** @typedef {{code: string, figures: Record<string, string>}} Sentence */
/** @typedef {(code: string, figures?: Record<string, string|number>) => string} Words */

/**
 * What a line says; a sentence of a newer server, which this phone has no words for, is left out unless it is the only one.
 * @param {{rule: string, says: Sentence[]}} line
 * @param {Words} t
 * @returns {string[]} at least one
 */
export function lineWords(line, t) {
  const known = line.says.map((s) => [s.code, t(s.code, s.figures)]).filter(([code, words]) => words !== code);
  if (known.length) return known.map(([, words]) => words);
  return [t("says.other", { rule: line.rule, points: line.says[0]?.figures.points ?? "" })];
}

/**
 * @param {{version: {area: string, since: string}|null}} line
 * @param {Words} t
 */
export function versionWords(line, t) {
  return line.version ? t("says.rules_from", { area: line.version.area, day: line.version.since }) : t("says.rules_default");
}

/**
 * What was taken back, why, and where it is booked when its own month was frozen.
 * @param {{rule: string, says: Sentence[], booked_in: string|null}} line
 * @param {Words} t
 */
export function takenBackWords(line, t) {
  const booked = line.booked_in ? [t("says.booked_in", { month: line.booked_in })] : [];
  return [...lineWords(line, t), ...booked];
}

/** With a true minus. @param {number} points */
export function numberWords(points) {
  return `${points < 0 ? "−" : ""}${Math.abs(points)}`;
}

/**
 * A month and those before it, the latest first.
 * @param {string} month "2026-11"
 * @param {number} n
 */
export function monthsBack(month, n) {
  const [year, number] = month.split("-").map(Number);
  const last = year * 12 + number - 1;
  return Array.from({ length: n }, (_, k) => `${Math.floor((last - k) / 12)}-${String(((last - k) % 12) + 1).padStart(2, "0")}`);
}
