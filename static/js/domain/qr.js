// @ts-check
// A QR code drawn here, without signal and without a library: bytes, versions 1 to 6, error correction M (ISO 18004).

// By version: codewords in all, correction codewords a block, blocks.
const SIZES = [[26, 10, 1], [44, 16, 1], [70, 26, 1], [100, 18, 2], [134, 24, 2], [172, 16, 4]];
const FORMAT_M = 0b00;

/** @typedef {boolean[][]} Modules dark is true; rows of a square */

/**
 * @param {string} text ASCII or UTF-8, at most 106 bytes
 * @returns {Modules}
 */
export function qrCode(text) {
  const bytes = new TextEncoder().encode(text);
  const version = 1 + SIZES.findIndex(([all, ec, blocks]) => bytes.length <= all - ec * blocks - 2);
  if (version === 0) throw new RangeError("too long for a code");
  const words = interleaved(bytes, SIZES[version - 1]);
  const drawn = [...Array(8).keys()].map((mask) => draw(version, words, mask));
  return drawn.reduce((best, one) => (runs(one) < runs(best) ? one : best));
}

// --- codewords ------------------------------------------------------------------------------------

/** @param {Uint8Array} bytes @param {number[]} size @returns {number[]} */
function interleaved(bytes, [all, ec, blocks]) {
  const room = all - ec * blocks;
  const data = padded(bytes, room);
  const short = Math.floor(room / blocks);
  const longFrom = blocks - (room % blocks);
  const parts = [];
  for (let n = 0, at = 0; n < blocks; n++) {
    const length = short + (n >= longFrom ? 1 : 0);
    parts.push(data.slice(at, at + length));
    at += length;
  }
  const checks = parts.map((part) => correction(part, ec));
  const out = [];
  for (let i = 0; i <= short; i++) for (const part of parts) if (i < part.length) out.push(part[i]);
  for (let i = 0; i < ec; i++) for (const check of checks) out.push(check[i]);
  return out;
}

/** @param {Uint8Array} bytes @param {number} room */
function padded(bytes, room) {
  let bits = `0100${bytes.length.toString(2).padStart(8, "0")}`;
  for (const byte of bytes) bits += byte.toString(2).padStart(8, "0");
  bits = `${bits}0000`.slice(0, room * 8);
  bits = bits.padEnd(Math.ceil(bits.length / 8) * 8, "0");
  const words = (bits.match(/.{8}/g) ?? []).map((word) => Number.parseInt(word, 2));
  for (let n = 0; words.length < room; n++) words.push(n % 2 ? 0x11 : 0xec);
  return words;
}

/** Reed-Solomon over GF(256). @param {number[]} data @param {number} n @returns {number[]} */
function correction(data, n) {
  let generator = [1];
  let root = 1;
  for (let i = 0; i < n; i++) {
    const next = [...generator, 0];
    generator.forEach((g, j) => {
      next[j + 1] ^= times(g, root);
    });
    generator = next;
    root = times(root, 2);
  }
  const rest = [...data, ...Array(n).fill(0)];
  for (let i = 0; i < data.length; i++) {
    const factor = rest[i];
    if (factor) generator.forEach((g, j) => {
      rest[i + j] ^= times(g, factor);
    });
  }
  return rest.slice(data.length);
}

/** @param {number} a @param {number} b */
function times(a, b) {
  let product = 0;
  for (let bit = 7; bit >= 0; bit--) {
    product = (product << 1) ^ (product & 0x80 ? 0x11d : 0);
    if ((b >> bit) & 1) product ^= a;
  }
  return product & 0xff;
}

// --- the square -----------------------------------------------------------------------------------

/** @param {number} version @param {number[]} words @param {number} mask @returns {Modules} */
function draw(version, words, mask) {
  const size = 17 + 4 * version;
  const dark = Array.from({ length: size }, () => Array(size).fill(false));
  const fixed = Array.from({ length: size }, () => Array(size).fill(false));
  const set = (/** @type {number} */ row, /** @type {number} */ column, /** @type {boolean} */ on) => {
    if (row < 0 || column < 0 || row >= size || column >= size) return;
    dark[row][column] = on;
    fixed[row][column] = true;
  };
  for (let i = 0; i < size; i++) {
    set(6, i, i % 2 === 0);
    set(i, 6, i % 2 === 0);
  }
  for (const [row, column] of [[3, 3], [3, size - 4], [size - 4, 3]]) square(set, row, column, 4, [2, 4]);
  if (version > 1) square(set, size - 7, size - 7, 2, [1]);
  format(set, size, mask);
  fill(dark, fixed, words, mask);
  return dark;
}

/** Rings round a middle; those at the distances in `light` are light. @param {any} set @param {number} row @param {number} column @param {number} far @param {number[]} light */
function square(set, row, column, far, light) {
  for (let y = -far; y <= far; y++) {
    for (let x = -far; x <= far; x++) set(row + y, column + x, !light.includes(Math.max(Math.abs(x), Math.abs(y))));
  }
}

/** @param {any} set @param {number} size @param {number} mask */
function format(set, size, mask) {
  const said = (FORMAT_M << 3) | mask;
  let rest = said;
  for (let i = 0; i < 10; i++) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
  const bits = ((said << 10) | rest) ^ 0x5412;
  const bit = (/** @type {number} */ i) => ((bits >> i) & 1) === 1;
  for (let i = 0; i < 6; i++) set(i, 8, bit(i));
  set(7, 8, bit(6));
  set(8, 8, bit(7));
  set(8, 7, bit(8));
  for (let i = 9; i < 15; i++) set(8, 14 - i, bit(i));
  for (let i = 0; i < 8; i++) set(8, size - 1 - i, bit(i));
  for (let i = 8; i < 15; i++) set(size - 15 + i, 8, bit(i));
  set(size - 8, 8, true);
}

/** @param {Modules} dark @param {Modules} fixed @param {number[]} words @param {number} mask */
function fill(dark, fixed, words, mask) {
  const size = dark.length;
  let n = 0;
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step++) {
      const upward = ((right + 1) & 2) === 0;
      const row = upward ? size - 1 - step : step;
      for (const column of [right, right - 1]) {
        if (fixed[row][column]) continue;
        const on = n < words.length * 8 && ((words[n >> 3] >> (7 - (n & 7))) & 1) === 1;
        dark[row][column] = on !== MASKS[mask](row, column);
        n += 1;
      }
    }
  }
}

const MASKS = /** @type {((r: number, c: number) => boolean)[]} */ ([
  (r, c) => (r + c) % 2 === 0,
  (r) => r % 2 === 0,
  (_r, c) => c % 3 === 0,
  (r, c) => (r + c) % 3 === 0,
  (r, c) => (Math.floor(r / 2) + Math.floor(c / 3)) % 2 === 0,
  (r, c) => ((r * c) % 2) + ((r * c) % 3) === 0,
  (r, c) => (((r * c) % 2) + ((r * c) % 3)) % 2 === 0,
  (r, c) => (((r + c) % 2) + ((r * c) % 3)) % 2 === 0,
]);

/** How many long runs of one colour: fewer are easier to read. @param {Modules} dark */
function runs(dark) {
  const lines = [...dark, ...dark.map((_, i) => dark.map((row) => row[i]))];
  const text = lines.map((line) => line.map((on) => (on ? "1" : "0")).join("")).join(" ");
  return (text.match(/1{5,}|0{5,}/g) ?? []).reduce((sum, run) => sum + run.length - 2, 0);
}

/** The dark modules as one SVG path, in units of a module, with the quiet border of four. @param {Modules} dark */
export function qrPath(dark) {
  const parts = dark.flatMap((row, y) => row.map((on, x) => (on ? `M${x + 4} ${y + 4}h1v1h-1z` : "")));
  return { size: dark.length + 8, path: parts.join("") };
}
