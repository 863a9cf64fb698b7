// @ts-check
// The leader's page of codes: printing, and writing an NFC tag where the browser can.

for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => window.print());

const box = /** @type {HTMLElement|null} */ (document.querySelector("[data-tag]"));
const Writer = /** @type {any} */ (window).NDEFReader;
if (box && Writer) {
  const button = /** @type {HTMLButtonElement} */ (box.querySelector("[data-write]"));
  const said = /** @type {HTMLElement} */ (box.querySelector("[data-said]"));
  /** @type {HTMLElement} */ (box.querySelector("[data-cannot]")).hidden = true;
  button.hidden = false;
  button.addEventListener("click", async () => {
    button.disabled = true;
    said.textContent = box.dataset.hold ?? "";
    try {
      await new Writer().write({ records: [{ recordType: "text", data: box.dataset.tag }] });
      said.textContent = box.dataset.done ?? "";
    } catch (error) {
      const denied = /** @type {any} */ (error)?.name === "NotAllowedError";
      said.textContent = (denied ? box.dataset.denied : box.dataset.failed) ?? "";
    }
    button.disabled = false;
  });
}

export {}; // a module: its names are its own
