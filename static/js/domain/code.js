// @ts-check
// The leader's sign-in code as people type it: small letters, full-width ones, gaps, dashes, or the whole link. Pure.

export const LETTERS = 8;

/** @param {string} typed @returns {string} only what counts, at most eight letters */
export function tidyCode(typed) {
  const wide = typed.normalize("NFKC");
  const linked = /[?&]c=([^&#\s]*)/.exec(wide)?.[1];
  return (linked ?? wide).toUpperCase().replace(/[^A-Z0-9]/g, "").slice(0, LETTERS);
}

/** In two groups, as it is read out. @param {string} code */
export function shownCode(code) {
  return code.length > 4 ? `${code.slice(0, 4)} ${code.slice(4)}` : code;
}

/** @param {string} typed six digits of the second step, or a recovery code, without what people put between */
export function tidyTotp(typed) {
  return typed.normalize("NFKC").toUpperCase().replace(/[^A-Z0-9]/g, "");
}
