// @ts-check
// Arrive and leave: a pair is presence, and earns the same as a track.
import { useState } from "preact/hooks";
import { checkIn } from "../actions.js";
import { openArrival } from "../domain/duty.js";
import { isInside } from "../domain/geo.js";
import { clockTime, durationWords } from "../domain/words.js";
import { html } from "../dom.js";
import { language, t } from "../i18n.js";
import { Result } from "./checkin.js";
import { useTold } from "./told.js";

/** @param {{view: import("../store.js").View, shift: import("../store.js").Shift, hotspots: import("../domain/duty.js").Hotspot[]}} props */
export function Hotspots({ view, shift, hotspots }) {
  return html`<section class="hotspots"><h2>${t("hotspot.title")}</h2>
    ${hotspots.map((h) => html`<${OneHotspot} key=${h.id} view=${view} shift=${shift} hotspot=${h} />`)}
    <p class="soft small">${t("hotspot.why")}</p></section>`;
}

/** @param {{view: import("../store.js").View, shift: import("../store.js").Shift, hotspot: import("../domain/duty.js").Hotspot}} props */
function OneHotspot({ view, shift, hotspot }) {
  const [told, tell] = useTold();
  const [busy, setBusy] = useState(false);
  const open = openArrival(hotspot.id, view.rows, shift.id);
  const rows = view.rows.filter((r) => r.kind === "checkin" && r.shift_id === shift.id && r.envelope.body.hotspot_id === hotspot.id);
  const last = rows[rows.length - 1];
  const inside = view.position && isInside([view.position.lon, view.position.lat], hotspot.polygon);
  const minutes = open ? (Date.now() - Date.parse(open.envelope.device_at)) / 60_000 : 0;
  const tap = async () => {
    setBusy(true);
    await tell(() => checkIn(shift, { hotspot_id: hotspot.id }, open ? "leave" : "arrive"));
    setBusy(false);
  };
  return html`<div class="hotspot" data-name="hotspot" data-open=${!!open}>
    <p class="hotspot-name"><strong>${hotspot.name}</strong>
      <span class="soft small">${open
        ? t("hotspot.since", { time: clockTime(open.envelope.device_at, language()), n: durationWords(minutes, t) })
        : view.position ? t(inside ? "hotspot.inside" : "hotspot.outside") : ""}</span></p>
    <button type="button" class=${`button wide ${open || inside ? "main" : "plain"}`} data-name=${open ? "leave" : "arrive"}
      disabled=${busy || view.duty?.state === "paused"} onClick=${tap}>
      ${busy ? t("patrol.locating") : t(open ? "hotspot.leave" : "hotspot.arrive")}</button>
    ${last ? html`<${Result} row=${last} policy=${view.kept?.plan.policy} />` : null}
    <p class="trouble" role="alert">${told}</p>
  </div>`;
}
