// @ts-check
// What the camera of this page has just read. A link could carry a code as well: only what was seen here is used by itself.

let seen = { text: "", at: 0 };
const FRESH_MS = 30_000;

/** @param {string} text */
export function justSeen(text) {
  seen = { text, at: Date.now() };
}

/** Once only. @param {string} text */
export function wasSeen(text) {
  const yes = text !== "" && seen.text === text && Date.now() - seen.at < FRESH_MS;
  seen = { text: "", at: 0 };
  return yes;
}
