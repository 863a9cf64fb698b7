// @ts-check
// A big keypad. It takes any PIN in the same way: nothing on this phone knows which one is right.
import { useEffect, useRef, useState } from "preact/hooks";
import { newNonce, PIN_DIGITS, proofOf } from "../domain/pin.js";
import { html } from "../dom.js";
import { t } from "../i18n.js";

/** @param {{title: string, more?: string, done: string, busy?: boolean, onPin: (pin: string) => void, onBack: () => void}} props */
export function PinPad({ title, more, done, busy = false, onPin, onBack }) {
  const [typed, setTyped] = useState("");
  const box = useRef(/** @type {HTMLElement|null} */ (null));
  useEffect(() => box.current?.focus(), []);
  const add = (/** @type {string} */ digit) => setTyped((was) => (was.length < PIN_DIGITS ? was + digit : was));
  const erase = () => setTyped((was) => was.slice(0, -1));
  const whole = typed.length === PIN_DIGITS;
  const finish = () => {
    if (!whole || busy) return;
    setTyped("");
    onPin(typed);
  };
  const key = (/** @type {KeyboardEvent} */ event) => {
    if (/^\d$/.test(event.key)) add(event.key);
    else if (event.key === "Backspace") erase();
    else if (event.key === "Enter" && event.target === box.current) finish();
  };
  return html`<section class="card pin" data-name="pin" tabindex="-1" ref=${box} onKeyDown=${key} aria-labelledby="pin-title">
    <h2 id="pin-title">${title}</h2>
    ${more ? html`<p class="soft">${more}</p>` : null}
    <p class="pin-dots" role="status" aria-label=${t("pin.typed", { n: typed.length, all: PIN_DIGITS })}>
      ${Array.from({ length: PIN_DIGITS }, (_, i) => html`<span class=${i < typed.length ? "is-typed" : ""} aria-hidden="true"></span>`)}</p>
    <div class="pin-keys">
      ${"123456789".split("").map((d) => html`<button type="button" class="button plain" data-digit=${d} onClick=${() => add(d)}>${d}</button>`)}
      <button type="button" class="button plain" onClick=${erase} aria-label=${t("pin.erase")}>⌫</button>
      <button type="button" class="button plain" data-digit="0" onClick=${() => add("0")}>0</button>
      <button type="button" class="button plain" onClick=${onBack}>${t("app.back")}</button>
    </div>
    <button type="button" class="button wide main" data-name="pin-done" disabled=${!whole || busy} onClick=${finish}>${busy ? t("pin.busy") : done}</button>
  </section>`;
}

/**
 * What goes along with "I'm OK" and with the end of a call. Without a PIN there is only the nonce.
 * @param {{salt_hex: string, rounds: number}|null|undefined} how @param {string} [pin]
 * @returns {Promise<{nonce: string, proof?: string}>}
 */
export async function proving(how, pin) {
  const nonce = newNonce();
  return how && pin !== undefined ? { nonce, proof: await proofOf(pin, how, nonce) } : { nonce };
}
