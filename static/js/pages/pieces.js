// @ts-check
// Small things that several pages show.
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
