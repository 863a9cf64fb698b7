// @ts-check
import { html } from "../dom.js";

/** @param {{view: import("../store.js").View}} _props */
export function Loggers(_props) {
  return html`<section class="card empty"></section>`;
}
