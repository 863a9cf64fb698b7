// @ts-check
// A duty of mine played back: what happened, in order, and the map when it is asked for. Fetched each time and kept nowhere.
import { useEffect, useRef, useState } from "preact/hooks";
import { call } from "../api.js";
import { drawn } from "../domain/playback.js";
import { clockTime, dayName, reasonWords } from "../domain/words.js";
import { html, Icon, routeParams } from "../dom.js";
import { language, t } from "../i18n.js";

/** @typedef {import("../domain/playback.js").Played} Played */

// What the map draws, in the order of its legend; only what is there is explained.
const LEGEND = ["walked", "gap", "dropped", "route", "checkpoint", "checkin", "asked"];
const STANDING = /** @type {Record<string, string>} */ ({ counted: "counted", held: "review", not_counted: "not_counted" });

export function Playback() {
  const id = Number(routeParams().get("duty"));
  const [seen, setSeen] = useState(/** @type {Played|null} */ (null));
  const [trouble, setTrouble] = useState("");
  useEffect(() => {
    let gone = false;
    setSeen(null);
    setTrouble("");
    call("GET", `/duties/${id}/playback`).then((reply) => {
      if (gone) return;
      if (reply.status === 200) setSeen(reply.json);
      else setTrouble(reply.status === 0 ? t("playback.needs_signal") : reply.problem?.detail || t("signin.server"));
    });
    return () => {
      gone = true;
    };
  }, [id]);
  if (!seen) {
    return html`<section class="card" data-name="playback-none"><p class="trouble" role="alert">${trouble}</p>
      ${trouble ? null : html`<p role="status" class="soft">${t("playback.fetching")}</p>`}</section>`;
  }
  const lang = language();
  return html`<section class="card" data-name="playback" data-seen-as=${seen.seen_as}>
      <h2>${dayName(seen.day, lang)} · ${seen.route?.name ?? seen.team}</h2>
      <p class="soft small">${seen.seen_as === "mate" ? t("playback.of_mate", { name: seen.member }) : t("playback.own")}</p>
      ${seen.track.state === "kept" ? null : html`<p data-name="no-track">${t(`playback.track.${seen.track.state}`)}</p>`}
    </section>
    <${MapOf} seen=${seen} key=${id} />
    <section class="card"><h2>${t("playback.events")}</h2>
      ${seen.events.length ? null : html`<p>${t("playback.nothing")}</p>`}
      <ol class="plain-list">${seen.events.map((event) => html`<${Happened} event=${event} />`)}</ol></section>
    <${Crew} seen=${seen} />`;
}

/** @param {{event: import("../domain/playback.js").Event}} props */
function Happened({ event }) {
  const { checkin } = event;
  const why = reasonWords(checkin?.reasons, t);
  const until = event.until ? `–${clockTime(event.until, language())}` : "";
  return html`<li class="line" data-kind=${event.kind}><span class="line-name">${t(`playback.event.${event.kind}`, { place: checkin?.place ?? "" })}
      ${checkin ? html`<span class="soft small">${t(`standing.${STANDING[checkin.verdict]}`)}${why ? ` · ${why}` : ""}</span>` : null}</span>
    <span class="small">${clockTime(event.at, language())}${until}</span></li>`;
}

/** @param {{seen: Played}} props */
function Crew({ seen }) {
  if (!seen.crew.length) return null;
  return html`<nav class="entries" aria-label=${t("playback.crew")}><p class="soft">${t("playback.crew_told")}</p><ul>
    ${seen.crew.map((mate) => html`<li><a class="entry" href=${`#/playback?duty=${mate.duty_id}`} data-name="to-mate"><${Icon} name="play" />
      <span class="line-name">${t("playback.mate", { name: mate.name })}</span><${Icon} name="next" /></a></li>`)}</ul></nav>`;
}

/** The map is a megabyte: it comes when it is asked for. @param {{seen: Played}} props */
function MapOf({ seen }) {
  const box = useRef(/** @type {HTMLDivElement|null} */ (null));
  const [state, setState] = useState(/** @type {"off"|"coming"|"shown"|"none"} */ ("off"));
  const [credit, setCredit] = useState("");
  const wanted = state === "coming" || state === "shown";
  useEffect(() => {
    if (!wanted) return;
    let gone = false;
    /** @type {import("../map/playback_map.js").PlaybackMap|null} */
    let map = null;
    import("../map/playback_map.js")
      .then(async ({ openPlaybackMap }) => {
        if (gone || !box.current) return;
        map = await openPlaybackMap(box.current, seen);
        if (gone) return map.close();
        setCredit(map.credit);
        setState("shown");
      })
      .catch(() => gone || setState("none"));
    return () => {
      gone = true;
      map?.close();
    };
  }, [wanted]);
  if (state === "off") return html`<button type="button" class="button wide plain" data-name="playback-map" onClick=${() => setState("coming")}>${t("playback.map_show")}</button>`;
  if (state === "none") return html`<p class="map-none" role="status" data-name="no-map">${t("playback.map_none")}</p>`;
  const kinds = new Set(drawn(seen).features.map((one) => one.properties.kind));
  return html`<div class="map-frame" role="region" aria-label=${t("playback.map")} data-name="map" data-state=${state}
      data-zoom-in=${t("playback.zoom_in")} data-zoom-out=${t("playback.zoom_out")}>
    <div class="map" ref=${box} aria-label=${t("playback.map")}></div>
    ${state === "coming" ? html`<p class="map-said" role="status">${t("playback.map_coming")}</p>` : html`<p class="map-from">${[credit, "© OpenStreetMap"].filter(Boolean).join(" · ")}</p>`}
  </div>
  <ul class="map-legend" aria-label=${t("playback.legend")}>
    ${LEGEND.filter((kind) => kinds.has(kind)).map((kind) => html`<li><i class=${`swatch playback-${kind}`} aria-hidden="true"></i>${t(`playback.step.${kind}`)}</li>`)}
  </ul>`;
}
