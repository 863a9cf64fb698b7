// @ts-check
// The patrol drawn from the plan alone: route, numbered checkpoints, hotspots, me. It is there with the first look, with
// no signal and on every phone; the streets behind it come when somebody wants them (map/patrol.js).
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { isDone } from "../domain/duty.js";
import { barM, frameOf, held, spread } from "../domain/sketch.js";
import { metreWords } from "../domain/words.js";
import { html } from "../dom.js";
import { t } from "../i18n.js";

/** @typedef {import("../map/patrol.js").Shown} Shown @typedef {import("../domain/geo.js").LonLat} LonLat */

const APART = 40; // pixels between two numbers: a gloved finger meets one of them
const EDGE = 20;

/** @param {Shown} shown */
export function Sketch(shown) {
  const { route, hotspots, standings, position, onChoose } = shown;
  const box = useRef(/** @type {HTMLDivElement|null} */ (null));
  const size = useSize(box);
  const points = pointsOf(shown);
  const me = position ? /** @type {LonLat} */ ([position.lon, position.lat]) : null;
  const frame = size && points.length ? frameOf(points, me, size) : null;
  const checkpoints = frame && size ? (route?.checkpoints ?? []) : [];
  const places = checkpoints.map((c) => /** @type {any} */ (frame).place(c.position));
  const spots = size ? spread(places, APART, size, EDGE) : [];
  const path = (/** @type {LonLat[]} */ line) => `M${line.map((p) => frame?.place(p).map(Math.round).join(" ")).join("L")}`;
  return html`<div class="sketch" ref=${box} data-name="sketch" data-drawn=${!!frame}>
    ${frame && size ? html`<svg width=${size.width} height=${size.height} aria-hidden="true" focusable="false">
        ${hotspots.map((h) => html`<path class="sketch-hotspot" d=${ringsOf(h).map((ring) => `${path(ring)}Z`).join("")} />`)}
        ${route ? html`<path class="sketch-route" d=${path(/** @type {any} */ (route.line.coordinates))} />` : null}
        ${places.map(([x, y], n) => Math.hypot(spots[n][0] - x, spots[n][1] - y) < 4 ? null : html`<path class="sketch-lead" d=${`M${x} ${y}L${spots[n].join(" ")}`} />
          <circle class="sketch-foot" cx=${x} cy=${y} r="4" />`)}
        ${me && position ? html`<${Here} at=${held(frame.place(me), size, 14)} radius=${position.accuracy_m * frame.px_per_m} />` : null}
        <${Bar} px_per_m=${frame.px_per_m} size=${size} />
      </svg>
      ${checkpoints.map((c, n) => {
        const [x, y] = spots[n];
        const stands = standings.get(c.id);
        const done = isDone(stands);
        return html`<button type="button" key=${c.id} class=${`map-spot ${done ? "is-done" : ""}`} style=${{ left: `${x}px`, top: `${y}px` }}
          aria-label=${`${c.seq} ${c.name} ${t(stands ? `standing.${stands}` : "standing.todo")}`} onClick=${() => onChoose(c.id)}>${done ? `${c.seq}✓` : c.seq}</button>`;
      })}` : null}
  </div>`;
}

/** @param {{at: {x: number, y: number, outside: boolean}, radius: number}} props */
function Here({ at, radius }) {
  return html`${at.outside ? null : html`<circle class="sketch-accuracy" cx=${at.x} cy=${at.y} r=${Math.max(radius, 10)} />`}
    <circle class=${`sketch-here ${at.outside ? "is-outside" : ""}`} data-name="here" cx=${at.x} cy=${at.y} r="8" />`;
}

/** @param {{px_per_m: number, size: import("../domain/sketch.js").Size}} props */
function Bar({ px_per_m, size }) {
  const metres = barM(px_per_m);
  const y = size.height - 10;
  return html`<path class="sketch-bar" d=${`M10 ${y - 5}V${y}H${Math.round(10 + metres * px_per_m)}V${y - 5}`} />
    <text class="sketch-words" x="14" y=${y - 5}>${metreWords(metres, t)}</text>`;
}

/** The box's size in pixels; null before it is laid out. @param {import("preact").RefObject<HTMLDivElement|null>} box */
function useSize(box) {
  const [size, setSize] = useState(/** @type {import("../domain/sketch.js").Size|null} */ (null));
  useLayoutEffect(() => {
    const element = /** @type {HTMLElement} */ (box.current);
    // It is told after the page's own layout and before it is seen: asked by ourselves, all would be laid out twice.
    const watch = new ResizeObserver(() => setSize({ width: element.clientWidth, height: element.clientHeight }));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  return size;
}

/** @param {Shown} shown @returns {LonLat[]} */
function pointsOf({ route, hotspots }) {
  const line = /** @type {any[]} */ (route?.line.coordinates ?? []);
  const points = [...line, ...(route?.checkpoints ?? []).map((c) => c.position)];
  return points.length ? points : hotspots.flatMap((h) => ringsOf(h).flat());
}

/** @param {import("../domain/duty.js").Hotspot} hotspot @returns {LonLat[][]} */
function ringsOf({ polygon }) {
  return polygon.type === "Polygon" ? polygon.coordinates : polygon.coordinates.flat();
}
