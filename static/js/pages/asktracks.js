// @ts-check
// Whether this member's tracks may be kept: asked once, on the first duty, below what the hand is there for. Both answers
// are one tap, and neither costs anything.
import { html } from "../dom.js";
import { t } from "../i18n.js";
import { wish } from "../offline/me.js";

/** @param {{view: import("../store.js").View}} props */
export function AskTracks({ view }) {
  const id = view.session.person?.id;
  if (id === undefined || view.tracks !== null || !view.kept?.plan.consents || view.duty?.state !== "on") return null;
  return html`<section class="notice ask-tracks" data-name="ask-tracks" aria-label=${t("consent.tracks")}><p>${t("consent.tracks.ask")}</p>
    <div class="row"><button type="button" class="button small" data-name="tracks-yes" onClick=${() => wish(id, "tracks", true)}>${t("consent.tracks.yes")}</button>
    <button type="button" class="button small" data-name="tracks-no" onClick=${() => wish(id, "tracks", false)}>${t("consent.tracks.no")}</button></div></section>`;
}
