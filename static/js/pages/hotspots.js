// @ts-check
// Arrive and leave: a pair is presence, and earns the same as a track. The nearest stands first.
import { useState } from "preact/hooks";
import { checkIn } from "../actions.js";
import { openArrival } from "../domain/duty.js";
import { metresOutside } from "../domain/geo.js";
import { clockTime, durationWords, metreWords } from "../domain/words.js";
import { html } from "../dom.js";
import { language, t } from "../i18n.js";
import { buzz, chime } from "../senses.js";
import { Result } from "./checkin.js";
import { useTold } from "./told.js";

/** @typedef {import("../domain/duty.js").Hotspot} Hotspot */

/** @param {{view: import("../store.js").View, shift: import("../store.js").Shift, hotspots: Hotspot[]}} props */
export function Hotspots({ view, shift, hotspots }) {
  const here = view.position ? /** @type {[number, number]} */ ([view.position.lon, view.position.lat]) : null;
  const away = (/** @type {Hotspot} */ h) => (here ? metresOutside(here, h.polygon) : 0);
  const first = (/** @type {Hotspot} */ h) => (openArrival(h.id, view.rows, shift.id) ? -1 : away(h));
  const sorted = [...hotspots].sort((a, b) => first(a) - first(b));
  return html`<section class="hotspots"><h2>${t("hotspot.title")}</h2>
    ${sorted.map((h) => html`<${OneHotspot} key=${h.id} view=${view} shift=${shift} hotspot=${h} away=${here ? away(h) : null} />`)}
    <p class="soft small">${t("hotspot.why")}</p></section>`;
}

/** @param {{view: import("../store.js").View, shift: import("../store.js").Shift, hotspot: Hotspot, away: number|null}} props */
function OneHotspot({ view, shift, hotspot, away }) {
  const [told, tell] = useTold();
  const [busy, setBusy] = useState(false);
  const [asking, setAsking] = useState(false);
  const open = openArrival(hotspot.id, view.rows, shift.id);
  const rows = view.rows.filter((r) => r.kind === "checkin" && r.shift_id === shift.id && r.envelope.body.hotspot_id === hotspot.id);
  const last = rows[rows.length - 1];
  const inside = away === 0;
  const minutes = open ? (Date.now() - Date.parse(open.envelope.device_at)) / 60_000 : 0;
  const policy = view.kept?.plan.policy;
  const isFar = away !== null && away - Math.min(view.position?.accuracy_m ?? 0, policy?.accuracy_allowance_m ?? 30) > 0;
  const save = async () => {
    setAsking(false);
    setBusy(true);
    await tell(() => checkIn(shift, { hotspot_id: hotspot.id }, open ? "leave" : "arrive"));
    setBusy(false);
  };
  const tap = () => {
    if (!isFar || open) return save(); // whoever has left the place may still say so
    buzz([60, 60, 60]);
    chime("bad");
    setAsking(true);
  };
  return html`<div class="hotspot" data-name="hotspot" data-open=${!!open}>
    <p class="hotspot-name"><strong>${hotspot.name}</strong>
      <span class="soft small">${open
        ? t("hotspot.since", { time: clockTime(open.envelope.device_at, language()), n: durationWords(minutes, t) })
        : away === null ? "" : inside ? t("hotspot.inside") : t("checkin.hotspot_away", { distance: metreWords(away, t) })}</span></p>
    ${asking ? html`<div class="ask" role="group"><p class="ask-text">${t("checkin.hotspot_far", { name: hotspot.name, distance: metreWords(away ?? 0, t) })}</p>
        <div class="row"><button type="button" class="button main" onClick=${() => setAsking(false)}>${t("patrol.ask_closer")}</button>
        <button type="button" class="button plain" data-name="arrive-anyway" onClick=${save}>${t("patrol.ask_anyway")}</button></div></div>`
      : html`<button type="button" class=${`button wide ${open || inside ? "main" : "plain"}`} data-name=${open ? "leave" : "arrive"}
      disabled=${busy || view.duty?.state === "paused"} onClick=${tap}>
      ${busy ? t("patrol.locating") : t(open ? "hotspot.leave" : "hotspot.arrive")}</button>`}
    ${last ? html`<${Result} row=${last} policy=${policy} />` : null}
    <p class="trouble" role="alert">${told}</p>
  </div>`;
}
