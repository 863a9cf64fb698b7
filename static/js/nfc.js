// @ts-check
// Tags, where the browser reads them (Chrome on Android). Asked for by a tap, and only while its page is seen.

export function hasTags() {
  return "NDEFReader" in window;
}

/**
 * Waits for a tag with text on it.
 * @param {(text: string) => void} onText @param {AbortSignal} signal
 * @returns {Promise<void>} resolves when it listens; rejects where it may not
 */
export async function listenForTag(onText, signal) {
  const reader = new /** @type {any} */ (window).NDEFReader();
  reader.onreading = (/** @type {any} */ event) => {
    for (const record of event.message.records) {
      if (record.recordType === "text") onText(new TextDecoder(record.encoding || "utf-8").decode(record.data));
    }
  };
  await reader.scan({ signal });
}
