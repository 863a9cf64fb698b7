// @ts-check
// Reads QR codes where the browser cannot by itself. The megabyte of it is fetched late and kept by the worker.
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import file from "zxing-wasm/reader/zxing_reader.wasm"; // the build copies it and gives its address

const address = new URL(String(file), import.meta.url).href; // beside this chunk, with its hash in the name
prepareZXingModule({ overrides: { locateFile: () => address } });

/** @param {ImageData} image @returns {Promise<string|null>} */
export async function readImage(image) {
  const found = await readBarcodes(image, { formats: ["QRCode"], tryHarder: true, maxNumberOfSymbols: 1 });
  return found[0]?.isValid ? found[0].text : null;
}

/** Let the worker keep what will be needed, before it is. */
export async function keep() {
  await (await fetch(address)).arrayBuffer();
}
