// @ts-check
// On patrol: the map above, the sheet below. Without a map (no WebGL, old phone, no signal at first) the sheet is all.
import { useEffect, useRef, useState } from "preact/hooks";
import { tapDuty } from "../actions.js";
import { checkpointStandings, isDone, isLive, openArrival } from "../domain/duty.js";
import { readScan } from "../domain/codes.js";
import { go, HoldButton, html, Icon, routeParams } from "../dom.js";
import { language, readSetting, t, writeSetting } from "../i18n.js";
import { wasSeen } from "../scanned.js";
import { AskTracks } from "./asktracks.js";
import { Empty } from "./pieces.js";
import { Checkpoints } from "./checkin.js";
import { RecordingBar } from "./recording.js";
import { Sketch } from "./sketch.js";
import { lazy } from "./lazy.js";
import { useTold } from "./told.js";

// Not needed for the first check-in; the worker keeps both all the same.
const Hotspots = lazy(() => import("./hotspots.js").then((m) => m.Hotspots));
const Summary = lazy(() => import("./summary.js").then((m) => m.Summary));

/** @param {{view: import("../store.js").View}} props */
export function Patrol({ view }) {
  const { shift, duty, kept } = view;
  const [chosen, choose] = useState(/** @type {number|null} */ (null));
  const [brought, bring] = useState(/** @type {import("./checkin.js").Brought|null} */ (null));
  useEffect(() => {
    const text = routeParams().get("code");
    if (!text) return;
    history.replaceState(null, "", "#/patrol"); // once: reloaded or gone back to, it is no check-in again
    const found = readCode(text);
    if (found.id !== null) choose(found.id);
    bring(found.brought);
  });
  if (!kept || !shift || !duty) return html`<${Empty} words=${t("patrol.none")} more=${t("patrol.none_more")} />`;
  if (duty.state === "none") {
    return html`<section class="card empty"><p>${t("patrol.not_started")}</p>
      <button type="button" class="button wide main" onClick=${() => go("#/today")}>${t("patrol.to_start")}</button></section>`;
  }
  if (duty.state === "ended") return html`<${Summary} view=${view} shift=${shift} duty=${duty} />`;

  const route = kept.plan.routes.find((r) => r.version_id === shift.route_version_id) ?? null;
  const hotspots = kept.plan.hotspots.filter((h) => shift.hotspot_ids.includes(h.id));
  const standings = checkpointStandings(route, view.rows, shift.id);
  return html`
    <${RecordingBar} view=${view} shift=${shift} duty=${duty} />
    <${MapBox} view=${view} route=${route} hotspots=${hotspots} standings=${standings} onChoose=${choose} />
    <div class="sheet">
      ${route ? html`<${Checkpoints} view=${view} shift=${shift} route=${route} standings=${standings} chosen=${chosen} choose=${choose} brought=${brought} use=${() => bring(null)} />` : html`<p class="soft">${t("patrol.no_route")}</p><${AskTracks} view=${view} />`}
      ${hotspots.length ? html`<${Hotspots} view=${view} shift=${shift} hotspots=${hotspots} />` : null}
      <${EndDuty} view=${view} shift=${shift} route=${route} standings=${standings} hotspots=${hotspots} />
    </div>`;
}

/**
 * What an address brought: a place to choose, and a code to check in with.
 * @param {string} text @returns {{id: number|null, brought: import("./checkin.js").Brought|null}}
 */
function readCode(text) {
  const auto = wasSeen(text);
  const found = readScan(text);
  if (found?.kind === "tag") return { id: found.id, brought: { id: found.id, method: "nfc", code: found.code, auto } };
  if (found?.kind === "checkpoint") {
    return { id: found.id, brought: found.code ? { id: found.id, method: "code", code: found.code, auto } : null };
  }
  const digits = /^\d{6}$/.test(text);
  return { id: null, brought: digits ? { id: null, method: "code", code: text, auto } : null };
}

const STREETS = "streets"; // this phone's setting: "on" where somebody has asked for the streets and got them

/**
 * The drawing at once; the street map (a megabyte, and a second of a slow phone) when it is asked for, and from then on
 * by itself. Where it cannot come, the drawing stays.
 * @param {{view: import("../store.js").View, route: import("../domain/duty.js").Route|null,
 *   hotspots: import("../domain/duty.js").Hotspot[], standings: Map<number, import("../domain/duty.js").Standing>,
 *   onChoose: (id: number) => void}} props
 */
function MapBox({ view, route, hotspots, standings, onChoose }) {
  const box = useRef(/** @type {HTMLDivElement|null} */ (null));
  const map = useRef(/** @type {import("../map/patrol.js").PatrolMap|null} */ (null));
  const [state, setState] = useState(/** @type {"drawn"|"coming"|"shown"|"none"} */ (readSetting(STREETS) === "on" ? "coming" : "drawn"));
  const shown = { route, hotspots, standings, position: view.position, onChoose };
  const newest = useRef(shown);
  newest.current = shown;
  const wanted = state === "coming" || state === "shown";
  useEffect(() => {
    if (!wanted) return;
    let gone = false;
    import("../map/patrol.js")
      .then(async ({ openPatrolMap }) => {
        if (gone || !box.current) return;
        const opened = await openPatrolMap(box.current, newest.current);
        if (gone) return opened.close();
        map.current = opened;
        opened.update(newest.current);
        setState("shown");
        writeSetting(STREETS, "on");
      })
      .catch(() => setState("none"));
    return () => {
      gone = true;
      map.current?.close();
      map.current = null;
    };
  }, [route?.version_id, wanted]);
  useEffect(() => map.current?.update(shown));
  const turn = () => {
    if (wanted) writeSetting(STREETS, "off");
    setState(wanted ? "drawn" : "coming");
  };
  return html`<div class="map-frame" role="region" aria-label=${t("patrol.map")} data-name="map" data-state=${state}>
    ${state === "shown" ? null : html`<${Sketch} ...${shown} />`}
    ${wanted ? html`<div class="map" ref=${box}></div>` : null}
    <button type="button" class="map-more" data-name="map-more" onClick=${turn}>${t(wanted ? "patrol.streets_off" : "patrol.streets_on")}</button>
    ${state === "coming" ? html`<p class="map-said" role="status">${t("patrol.map_coming")}</p>` : null}
    ${state === "none" ? html`<p class="map-said" role="status" data-name="no-map">${t("patrol.no_map")}</p>` : null}
    ${state === "shown" ? html`<button type="button" class="map-me" onClick=${() => map.current?.toMe()} disabled=${!view.position}
      aria-label=${t("patrol.to_me")}><${Icon} name="pin" /></button>
      <p class="map-from">${[map.current?.credit, "© OpenStreetMap"].filter(Boolean).join(" · ")}</p>` : null}
  </div>`;
}

/** @param {any} props */
function EndDuty({ view, shift, route, standings, hotspots }) {
  const [told, tell] = useTold();
  const left = (route?.checkpoints ?? []).filter((/** @type {any} */ c) => c.required && !isDone(standings.get(c.id))).length;
  const open = hotspots.filter((/** @type {any} */ h) => openArrival(h.id, view.rows, shift.id));
  const question = [
    left ? t("patrol.end_left", { n: left }) : "",
    open.length ? t("patrol.end_open", { name: open[0].name }) : "",
    t("patrol.end_question"),
  ].filter(Boolean).join(language() === "en" ? " " : "");
  return html`<section class="end">
    <${HoldButton} name="end" tone="plain" label=${t("patrol.end")} question=${question} yes=${t("patrol.end_yes")}
      onDone=${() => tell(() => tapDuty(shift, "duty.end"))} />
    <p class="trouble" role="alert">${told}</p>
    ${view.duty && isLive(view.duty) ? html`<p class="soft small">${t("patrol.end_why")}</p>` : null}
  </section>`;
}
