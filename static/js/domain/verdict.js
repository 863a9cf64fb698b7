// @ts-check
// Why a check-in stands as it does, with its figures where they are known. Pure; `t` and `hasWords` come from the catalogue.

/**
 * @param {string[]|undefined} reasons @param {Record<string, string|number>} figures
 * @param {import("./words.js").T} t @param {(code: string) => boolean} hasWords
 * @returns {{sentences: string[], figured: boolean}} figured: whether a sentence already says how far it was
 */
export function verdictWords(reasons, figures, t, hasWords) {
  let figured = false;
  const sentences = (reasons ?? []).map((code) => {
    const full = hasWords(`reasons.${code}.figures`) ? t(`reasons.${code}.figures`, figures) : "%(none)s";
    if (/%\(\w+\)s/.test(full)) return hasWords(`reasons.${code}`) ? t(`reasons.${code}`) : code;
    figured ||= full.includes(String(figures.distance));
    return full;
  });
  return { sentences, figured };
}

/** How good the position is, in words. @param {number} accuracy_m @param {{max_accuracy_m: number, accuracy_allowance_m: number}} policy */
export function accuracyWord(accuracy_m, policy) {
  if (accuracy_m > policy.max_accuracy_m) return "poor";
  return accuracy_m > policy.accuracy_allowance_m ? "fair" : "good";
}
