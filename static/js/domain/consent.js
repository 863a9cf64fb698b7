// @ts-check
// What a member agreed to: what was said here until the server has heard it, then what the server says. Pure.

/** The purposes, and of each the version of the words that this release shows (app/accounts/rules.py has the one in force). */
export const WORDS = /** @type {const} */ ({ tracks: 1, push: 1, name_in_notice: 1, ranking: 1 });

/**
 * @typedef {{purpose: string, version?: number, given_at: string|null, withdrawn_at: string|null}} Consent
 * @typedef {{given: boolean, version: number, sent_at: number|null}} Wish
 */

/**
 * What holds: my wish until the server has heard it and said something newer; else what it said.
 * @param {Wish|undefined} wanted @param {boolean|null|undefined} said @param {number} saidAt epoch ms
 * @returns {boolean|null} null: never asked
 */
export function holds(wanted, said, saidAt) {
  if (wanted && (wanted.sent_at === null || saidAt <= wanted.sent_at)) return wanted.given;
  return said ?? null;
}

/** @param {Consent|undefined} consent @returns {boolean|null} */
export function givenBy(consent) {
  if (!consent || (!consent.given_at && !consent.withdrawn_at)) return null;
  return !!consent.given_at && !consent.withdrawn_at;
}
