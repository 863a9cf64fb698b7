// @ts-check
// On patrol: the map above, the sheet below. Without a map (no WebGL, old phone, no signal at first) the sheet is all.
import { useEffect, useRef, useState } from "preact/hooks";
import { tapDuty } from "../actions.js";
import { checkpointStandings, FORGOTTEN_MS, isDone, isLive, openArrival } from "../domain/duty.js";
import { clockTime, durationWords } from "../domain/words.js";
import { go, HoldButton, html, Icon } from "../dom.js";
import { language, t } from "../i18n.js";
import { now } from "../store.js";
import { Empty } from "./pieces.js";
import { Checkpoints } from "./checkin.js";
import { Hotspots } from "./hotspots.js";
import { Summary } from "./summary.js";
import { useTold } from "./told.js";

/** @param {{view: import("../store.js").View}} props */
export function Patrol({ view }) {
  const { shift, duty, kept } = view;
  const [chosen, choose] = useState(/** @type {number|null} */ (null));
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
      ${route ? html`<${Checkpoints} view=${view} shift=${shift} route=${route} standings=${standings} chosen=${chosen} choose=${choose} />` : html`<p class="soft">${t("patrol.no_route")}</p>`}
      ${hotspots.length ? html`<${Hotspots} view=${view} shift=${shift} hotspots=${hotspots} />` : null}
      <${EndDuty} view=${view} shift=${shift} route=${route} standings=${standings} hotspots=${hotspots} />
    </div>`;
}

/** @param {{view: import("../store.js").View, shift: import("../store.js").Shift, duty: import("../store.js").Duty}} props */
function RecordingBar({ view, shift, duty }) {
  const [told, tell] = useTold();
  const paused = duty.state === "paused";
  const forgotten = now() > Date.parse(shift.ends_at) + FORGOTTEN_MS;
  const since = clockTime(duty.started_at ?? shift.starts_at, language());
  const words = paused
    ? t("patrol.paused")
    : forgotten
      ? t("patrol.forgotten", { time: clockTime(shift.ends_at, language()) })
      : view.recording
        ? t("patrol.recording", { time: since })
        : t("patrol.recording_elsewhere");
  const lost = view.gaps.reduce((sum, g) => sum + (g.to - g.from) / 60_000, 0);
  return html`<div class=${`recording ${paused || forgotten ? "is-paused" : ""}`} data-name="recording" data-recording=${view.recording}>
    <p><span class="lamp" aria-hidden="true"></span><span>${words}</span></p>
    <button type="button" class="button small" data-name=${paused ? "resume" : "pause"}
      onClick=${() => tell(() => tapDuty(shift, paused ? "duty.resume" : "duty.pause"))}>
      <${Icon} name=${paused ? "play" : "pause"} />${t(paused ? "patrol.resume" : "patrol.pause")}</button>
    ${view.trouble && !paused && !(view.position && Date.now() - view.position.at < 60_000) ? html`<p class="recording-more need">${t(`trouble.position_${view.trouble}`)}</p>` : null}
    ${lost >= 1 ? html`<p class="recording-more">${t("patrol.gaps", { n: view.gaps.length, time: durationWords(lost, t) })}</p>` : null}
    ${told ? html`<p class="recording-more need" role="alert">${told}</p>` : null}
  </div>`;
}

/**
 * @param {{view: import("../store.js").View, route: import("../domain/duty.js").Route|null,
 *   hotspots: import("../domain/duty.js").Hotspot[], standings: Map<number, import("../domain/duty.js").Standing>,
 *   onChoose: (id: number) => void}} props
 */
function MapBox({ view, route, hotspots, standings, onChoose }) {
  const box = useRef(/** @type {HTMLDivElement|null} */ (null));
  const map = useRef(/** @type {import("../map/patrol.js").PatrolMap|null} */ (null));
  const [state, setState] = useState(/** @type {"coming"|"shown"|"none"} */ ("coming"));
  const shown = { route, hotspots, standings, position: view.position, onChoose };
  const newest = useRef(shown);
  newest.current = shown;
  useEffect(() => {
    let gone = false;
    import("../map/patrol.js")
      .then(async ({ openPatrolMap }) => {
        if (gone || !box.current) return;
        const opened = await openPatrolMap(box.current, newest.current);
        if (gone) return opened.close();
        map.current = opened;
        opened.update(newest.current);
        setState("shown");
      })
      .catch(() => setState("none"));
    return () => {
      gone = true;
      map.current?.close();
      map.current = null;
    };
  }, [route?.version_id]);
  useEffect(() => map.current?.update(shown));
  if (state === "none") return html`<p class="map-none" data-name="no-map">${t("patrol.no_map")}</p>`;
  return html`<div class="map-frame">
    <div class="map" ref=${box} role="region" aria-label=${t("patrol.map")} data-name="map" data-state=${state}></div>
    ${state === "coming" ? html`<p class="map-coming" role="status">${t("patrol.map_coming")}</p>` : null}
    ${state === "shown" ? html`<button type="button" class="map-me" onClick=${() => map.current?.toMe()} disabled=${!view.position}
      aria-label=${t("patrol.to_me")}><${Icon} name="pin" /></button>
      <p class="map-from">© OpenStreetMap</p>` : null}
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
