// @ts-check
import { html } from "../dom.js";

/** @param {{view: import("../store.js").View}} _props */
export function Swaps(_props) {
  return html`<section class="card empty"></section>`;
}
