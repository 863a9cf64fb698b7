// @ts-check
// A photo on a canvas: made small when it is taken, and blurred by a finger before it may leave the phone. What is drawn
// anew holds pixels only: no position, no device, no thumbnail.

export const LONGEST_PX = 1600;
const CELLS = 28; // along the longer side: a number plate is two or three of them

/**
 * @param {Blob} file @param {number} [longest]
 * @returns {Promise<{blob: Blob, width: number, height: number}>} rejects when it is no picture
 */
export async function shrink(file, longest = LONGEST_PX) {
  const picture = await pictureOf(file);
  const scale = Math.min(1, longest / Math.max(picture.naturalWidth, picture.naturalHeight));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.naturalWidth * scale));
  canvas.height = Math.max(1, Math.round(picture.naturalHeight * scale));
  contextOf(canvas).drawImage(picture, 0, 0, canvas.width, canvas.height);
  return { blob: await jpegOf(canvas), width: canvas.width, height: canvas.height };
}

/** Shows a kept photo in full. @param {HTMLCanvasElement} canvas @param {Blob} blob */
export async function show(canvas, blob) {
  const picture = await pictureOf(blob);
  canvas.width = picture.naturalWidth;
  canvas.height = picture.naturalHeight;
  contextOf(canvas).drawImage(picture, 0, 0);
}

/** @param {HTMLCanvasElement} canvas */
export function cellOf(canvas) {
  return Math.max(12, Math.ceil(Math.max(canvas.width, canvas.height) / CELLS));
}

/**
 * The cells under the finger become one colour each; what was there is gone.
 * @param {HTMLCanvasElement} canvas @param {number} x @param {number} y in pixels of the picture
 */
export function smear(canvas, x, y) {
  const context = contextOf(canvas);
  const cell = cellOf(canvas);
  const [column, row] = [Math.floor(x / cell), Math.floor(y / cell)];
  for (let c = column - 1; c <= column + 1; c++) {
    for (let r = row - 1; r <= row + 1; r++) {
      const [left, top] = [c * cell, r * cell];
      const [width, height] = [Math.min(cell, canvas.width - left), Math.min(cell, canvas.height - top)];
      if (left < 0 || top < 0 || width <= 0 || height <= 0) continue;
      context.fillStyle = mean(context.getImageData(left, top, width, height).data);
      context.fillRect(left, top, width, height);
    }
  }
}

/** From one point to the next without a gap. @param {HTMLCanvasElement} canvas @param {[number, number]} from @param {[number, number]} to */
export function smearLine(canvas, from, to) {
  const steps = Math.max(1, Math.ceil(Math.hypot(to[0] - from[0], to[1] - from[1]) / (cellOf(canvas) / 2)));
  for (let n = 0; n <= steps; n++) smear(canvas, from[0] + ((to[0] - from[0]) * n) / steps, from[1] + ((to[1] - from[1]) * n) / steps);
}

/** @param {HTMLCanvasElement} canvas @returns {Promise<Blob>} */
export function jpegOf(canvas) {
  return new Promise((done, failed) => {
    canvas.toBlob((blob) => (blob ? done(blob) : failed(new Error("no picture"))), "image/jpeg", 0.8);
  });
}

/** @param {Uint8ClampedArray} data */
function mean(data) {
  let [r, g, b] = [0, 0, 0];
  for (let i = 0; i < data.length; i += 4) {
    r += data[i];
    g += data[i + 1];
    b += data[i + 2];
  }
  const n = data.length / 4;
  return `rgb(${Math.round(r / n)},${Math.round(g / n)},${Math.round(b / n)})`;
}

/** @param {HTMLCanvasElement} canvas */
function contextOf(canvas) {
  const context = canvas.getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("no canvas");
  return context;
}

/** Upright, as its EXIF says: that is what an <img> does. @param {Blob} blob @returns {Promise<HTMLImageElement>} */
async function pictureOf(blob) {
  const address = URL.createObjectURL(blob);
  const picture = new Image();
  picture.src = address;
  try {
    await picture.decode();
    return picture;
  } finally {
    URL.revokeObjectURL(address);
  }
}
