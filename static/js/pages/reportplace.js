// @ts-check
// Where a report is about: here (on duty), one of the checkpoints, or a point on the map. Off duty nobody is asked where
// they are: then it is the list or the map.
import { useEffect, useRef, useState } from "preact/hooks";
import { distanceM } from "../domain/geo.js";
import { metreWords } from "../domain/words.js";
import { go, html, Icon, routeParams } from "../dom.js";
import { t } from "../i18n.js";
import { hereNow, isOnDuty, pointPlace } from "../reporting.js";

/** @typedef {import("./report.js").Step} Step @typedef {import("../domain/report.js").Place} PlaceOf */

/** @param {Step} props */
export function Place({ view, draft, change }) {
  const how = routeParams().get("how");
  const choose = (/** @type {PlaceOf} */ place) => {
    change({ place });
    go("#/report?part=finish");
  };
  if (how === "map") return html`<${OnMap} view=${view} draft=${draft} choose=${choose} />`;
  if (how === "list" || !isOnDuty()) return html`<${Spots} view=${view} choose=${choose} />`;
  return html`<${Here} choose=${choose} />`;
}

/** @param {{choose: (p: PlaceOf) => void}} props */
function Here({ choose }) {
  const [place, setPlace] = useState(/** @type {PlaceOf|null|undefined} */ (undefined));
  useEffect(() => {
    hereNow().then(setPlace, () => setPlace(null));
  }, []);
  return html`<h2>${t("report.where_is_it")}</h2>
    ${place === null ? html`<p class="soft" role="status" data-name="no-position">${t("report.no_position")}</p>` : html`<button type="button" class="button wide main here" data-name="place-here"
      disabled=${!place} onClick=${() => place && choose(place)}><${Icon} name="pin" /><span>${t("report.here")}<span class="small" role="status">${place ? place.words : t("report.looking")}</span></span></button>`}
    <a class="button wide plain" href="#/report?part=place&how=list" data-name="place-list">${t("report.choose_spot")}</a>
    <a class="button wide plain" href="#/report?part=place&how=map" data-name="place-map">${t("report.choose_map")}</a>`;
}

/** The checkpoints of my routes, the nearest first where that is known. @param {{view: import("./report.js").View, choose: (p: PlaceOf) => void}} props */
function Spots({ view, choose }) {
  const routes = view.kept?.plan.routes ?? [];
  const mine = routes.find((r) => r.version_id === view.shift?.route_version_id);
  const here = isOnDuty() && view.position ? /** @type {[number, number]} */ ([view.position.lon, view.position.lat]) : null;
  const spots = (mine ? [mine, ...routes.filter((r) => r !== mine)] : routes)
    .flatMap((r) => r.checkpoints.map((c) => ({ c, route: r.name, metres: here ? distanceM(here, c.position) : null })));
  if (here) spots.sort((a, b) => (a.metres ?? 0) - (b.metres ?? 0));
  return html`<h2 id="spots">${t("report.which_spot")}</h2>
    ${spots.length ? html`<div class="choices-long" role="group" aria-labelledby="spots">${spots.slice(0, 40).map(({ c, route, metres }) => html`<button type="button" class="button wide plain spot" data-name="spot"
      data-id=${c.id} onClick=${() => choose({ how: "checkpoint", checkpoint_id: c.id, words: c.name })}>
      <span>${c.name}<span class="soft small">${[route, metres === null ? "" : metreWords(metres, t)].filter(Boolean).join(" · ")}</span></span></button>`)}</div>` : html`<p class="soft">${t("report.no_spots")}</p>`}
    <a class="button wide plain" href="#/report?part=place&how=map" data-name="place-map">${t("report.choose_map")}</a>`;
}

/** @param {{view: import("./report.js").View, draft: import("../domain/report.js").Draft, choose: (p: PlaceOf) => void}} props */
function OnMap({ view, draft, choose }) {
  const box = useRef(/** @type {HTMLDivElement|null} */ (null));
  const map = useRef(/** @type {import("../map/place.js").PlaceMap|null} */ (null));
  const [state, setState] = useState(/** @type {"coming"|"shown"|"none"} */ ("coming"));
  const [words, setWords] = useState("");
  useEffect(() => {
    let gone = false;
    const route = view.kept?.plan.routes.find((r) => r.version_id === view.shift?.route_version_id) ?? view.kept?.plan.routes[0];
    const say = () => {
      const at = map.current?.at();
      if (at) setWords(pointPlace(at[0], at[1], "dragged").words);
    };
    import("../map/place.js")
      .then(async ({ openPlaceMap }) => {
        if (gone || !box.current) return;
        const first = { centre: centreOf(view, draft, route), bounds: view.kept?.plan.places?.bounds ?? null, route: route?.line ?? null, label: t("report.map") };
        const opened = await openPlaceMap(box.current, first, say);
        if (gone) return opened.close();
        map.current = opened;
        setState("shown");
        say();
      })
      .catch(() => setState("none"));
    return () => {
      gone = true;
      map.current?.close();
      map.current = null;
    };
  }, []);
  const take = () => {
    const at = map.current?.at();
    if (at) choose(pointPlace(at[0], at[1], "dragged"));
  };
  if (state === "none") {
    return html`<p class="map-none" data-name="no-map">${t("report.no_map")}</p><a class="button wide main" href="#/report?part=place&how=list">${t("report.choose_spot")}</a>`;
  }
  return html`<h2>${t("report.drag")}</h2>
    <div class="map-frame place-map"><div class="map" ref=${box} role="region" aria-label=${t("report.map")} data-name="place-map-box" data-state=${state}></div>
      <span class="map-pin" aria-hidden="true"><${Icon} name="pin" /></span>
      ${state === "coming" ? html`<p class="map-coming" role="status">${t("patrol.map_coming")}</p>` : html`<p class="map-from">${[map.current?.credit, "© OpenStreetMap"].filter(Boolean).join(" · ")}</p>`}</div>
    <p role="status" class="state">${words}</p>
    <button type="button" class="button wide main" data-name="map-take" disabled=${state !== "shown"} onClick=${take}>${t("report.take_place")}</button>`;
}

/** @param {import("./report.js").View} view @param {import("../domain/report.js").Draft} draft @param {any} route @returns {[number, number]|null} */
function centreOf(view, draft, route) {
  const { place } = draft;
  if (place?.lon_e7 !== undefined && place.lat_e7 !== undefined) return [place.lon_e7 / 1e7, place.lat_e7 / 1e7];
  if (isOnDuty() && view.position) return [view.position.lon, view.position.lat];
  return route?.checkpoints[0]?.position ?? null;
}
