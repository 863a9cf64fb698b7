// @ts-check
// The camera, and whatever can read a code in its pictures: the browser's own detector, else the reader in wasm.

/** @typedef {{read: (video: HTMLVideoElement) => Promise<string|null>, name: "native"|"wasm"}} Reader */

/** @returns {Promise<Reader>} */
export async function openReader() {
  return (await ownReader()) ?? wasmReader();
}

/** @returns {Promise<Reader|null>} */
async function ownReader() {
  const Detector = /** @type {any} */ (window).BarcodeDetector;
  try {
    const formats = (await Detector?.getSupportedFormats?.()) ?? [];
    if (!formats.includes("qr_code")) return null;
    const detector = new Detector({ formats: ["qr_code"] });
    return { name: "native", read: async (video) => (await detector.detect(video))[0]?.rawValue ?? null };
  } catch {
    return null;
  }
}

const WIDEST = 960;

/** @returns {Promise<Reader>} */
async function wasmReader() {
  const { readImage } = await import("./wasm/reader.js");
  const canvas = document.createElement("canvas");
  const brush = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  return {
    name: "wasm",
    read: async (video) => {
      const scale = Math.min(1, WIDEST / Math.max(video.videoWidth, video.videoHeight));
      canvas.width = Math.round(video.videoWidth * scale);
      canvas.height = Math.round(video.videoHeight * scale);
      brush.drawImage(video, 0, 0, canvas.width, canvas.height);
      return readImage(brush.getImageData(0, 0, canvas.width, canvas.height));
    },
  };
}

/** @typedef {{stream: MediaStream, torch: ((on: boolean) => Promise<void>)|null, stop: () => void}} Camera */

/** @param {HTMLVideoElement} video @returns {Promise<Camera>} */
export async function openCamera(video) {
  const stream = await navigator.mediaDevices.getUserMedia({
    audio: false,
    video: { facingMode: "environment", width: { ideal: 1280 }, height: { ideal: 720 } },
  });
  video.srcObject = stream;
  await video.play();
  const track = stream.getVideoTracks()[0];
  const can = /** @type {any} */ (track?.getCapabilities?.() ?? {});
  return {
    stream,
    torch: can.torch ? (on) => track.applyConstraints({ advanced: [/** @type {any} */ ({ torch: on })] }) : null,
    stop: () => {
      for (const one of stream.getTracks()) one.stop();
      video.srcObject = null;
    },
  };
}

/** The reader for later, where the browser has none of its own: once, when there is a network and nothing else to do. */
export async function keepReader() {
  if (!navigator.mediaDevices?.getUserMedia || !navigator.serviceWorker?.controller || !navigator.onLine) return;
  if (/** @type {any} */ (navigator).connection?.saveData || (await ownReader())) return;
  await (await import("./wasm/reader.js")).keep();
}
