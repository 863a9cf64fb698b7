// @ts-check
// RFC 8785 for what our bodies hold: integers, strings, booleans, null, lists, objects. Anything else
// (a fraction, undefined, a date) is a programming error and is refused here, before it is stored.

/**
 * @param {unknown} value
 * @returns {string} the canonical form, the same in Python and here
 */
export function canonical(value) {
  if (value === null || value === true || value === false) return String(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new TypeError(`not an integer: ${value}`);
    return Object.is(value, -0) ? "0" : String(value);
  }
  if (typeof value === "string") {
    // JSON.stringify escapes exactly what RFC 8785 asks for; lone surrogates have no UTF-8 form.
    if (!isWellFormed(value)) throw new TypeError("lone surrogate");
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value === "object" && isPlain(value)) {
    const record = /** @type {Record<string, unknown>} */ (value);
    // Array.sort() on strings compares UTF-16 code units, as the RFC demands.
    const parts = Object.keys(record).sort().map((key) => `${JSON.stringify(key)}:${canonical(record[key])}`);
    return `{${parts.join(",")}}`;
  }
  throw new TypeError(`cannot be written canonically: ${typeof value}`);
}

/** @param {object} value */
function isPlain(value) {
  const proto = Object.getPrototypeOf(value);
  return proto === null || proto === Object.prototype || Object.getPrototypeOf(proto) === null;
}

/** @param {string} text */
function isWellFormed(text) {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code >= 0xd800 && code <= 0xdbff) {
      const next = text.charCodeAt(i + 1);
      if (!(next >= 0xdc00 && next <= 0xdfff)) return false;
      i++;
    } else if (code >= 0xdc00 && code <= 0xdfff) return false;
  }
  return true;
}

/**
 * @param {string} text
 * @returns {Promise<string>} SHA-256 of its UTF-8 form, as 64 hex digits
 */
export async function sha256(text) {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (b) => b.toString(16).padStart(2, "0")).join("");
}
