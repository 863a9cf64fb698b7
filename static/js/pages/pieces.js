// @ts-check
// Small things that several pages show.
import { useState } from "preact/hooks";
import { html } from "../dom.js";
import { t } from "../i18n.js";

/** A card of its own words, for pages with nothing to show yet. @param {{words: string, more?: string}} props */
export function Empty({ words, more }) {
  return html`<section class="card empty"><p>${words}</p>${more ? html`<p class="soft">${more}</p>` : null}</section>`;
}

/** How old what is shown is. @param {{view: import("../store.js").View}} props */
export function PlanAge({ view }) {
  if (!view.kept) return null;
  const minutes = Math.round((Date.now() - view.kept.got_at) / 60_000);
  if (minutes < 30) return null;
  return html`<p class="soft small">${t("plan.age", { n: minutes < 120 ? minutes : Math.round(minutes / 60), unit: t(minutes < 120 ? "unit.minutes" : "unit.hours") })}</p>`;
}

/**
 * A text to take along: shown, selected by a touch, copied by a button where the browser lets us.
 * @param {{text: string, label: string}} props
 */
export function CopyText({ text, label }) {
  const [said, setSaid] = useState("");
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      setSaid(t("copytext.done"));
    } catch {
      setSaid(t("copytext.by_hand"));
    }
  };
  return html`<p class="phrase-shown address" data-name="address">${text}</p>
    <button type="button" class="button wide main" data-name="copy-text" onClick=${copy}>${label}</button><p role="status" class="state">${said}</p>`;
}
