// @ts-check
// UUIDv7 (RFC 9562): 48 bits of milliseconds, the rest random. A key only, never read as a time.

/** @typedef {Uint8Array<ArrayBuffer>} Bytes */

/**
 * @param {number} [now] epoch milliseconds
 * @param {(bytes: Bytes) => Bytes} [fill] source of random bytes
 * @returns {string}
 */
export function uuid7(now = Date.now(), fill = random) {
  const bytes = fill(new Uint8Array(16));
  const high = Math.floor(now / 0x10000);
  const low = now % 0x10000;
  bytes[0] = (high >>> 24) & 0xff;
  bytes[1] = (high >>> 16) & 0xff;
  bytes[2] = (high >>> 8) & 0xff;
  bytes[3] = high & 0xff;
  bytes[4] = (low >>> 8) & 0xff;
  bytes[5] = low & 0xff;
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return format(bytes);
}

/** @param {(bytes: Bytes) => Bytes} [fill] @returns {string} */
export function uuid4(fill = random) {
  const bytes = fill(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  return format(bytes);
}

/** @param {Bytes} bytes @returns {Bytes} */
function random(bytes) {
  crypto.getRandomValues(bytes);
  return bytes;
}

/** @param {Bytes} bytes */
function format(bytes) {
  const hex = Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
  return [8, 12, 16, 20].reduceRight((s, at) => `${s.slice(0, at)}-${s.slice(at)}`, hex);
}
