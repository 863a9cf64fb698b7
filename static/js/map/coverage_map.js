// @ts-check
// The reviewer's map: our own tiles only. It says what was pointed at and chosen; the page does the rest.
import { Map as MapLibre, NavigationControl, ScaleControl, setWorkerUrl } from "maplibre-gl";
import { boxOf, nameBase, openBase, tilesOf, wordsOf } from "./base.js";
import { colours, coverageStyle, HATCH, hatch, isShown } from "./coverage_style.js";

/**
 * @typedef {{kind: "street"|"hotspot"|"route"|"area", id: string|number, name: string}} Thing
 * @typedef {{box: HTMLElement, bounds: number[], from: string, to: string, times: string, view: string, label: string, level: string,
 *   onPoint: (thing: Thing|null) => void, onChoose: (thing: Thing) => void,
 *   onDrawn: (corners: number[][]) => void, onCorner: (n: number) => void}} Options
 * @typedef {{show: (view: string) => void, heat: (thing: {kind: string, id: string}|null) => void,
 *   draw: () => Promise<void>, undo: () => void, finish: () => void, outline: (corners: number[][]) => Promise<void>, box: () => number[][]}} CoverageMap
 */

const SOURCE = /** @type {Record<string, string>} */ ({ street: "streets", hotspot: "hotspots", route: "routes", area: "areas" });
// What a pointer may take hold of, topmost first.
const HOLDS = [
  ["base-hotspots", "hotspot"], ["routes-edge", "route"], ["fresh-edge", "street"], ["covered-edge", "street"],
  ["base-streets", "street"], ["base-areas", "area"],
];

/** @param {Options} o @returns {Promise<CoverageMap>} rejects when there is no WebGL */
export async function openCoverageMap(o) {
  setWorkerUrl("/static/dist/maplibre-gl-worker.mjs");
  const base = await openBase();
  let c = colours();
  const address = (/** @type {string} */ layer) =>
    tilesOf(base, `/api/v1/tiles/${layer}/{z}/{x}/{y}.mvt?from=${o.from}&to=${o.to}&times=${o.times}`);
  const map = new MapLibre({
    container: o.box,
    style: base.under(coverageStyle(c, address, o.level)),
    transformRequest: base.request,
    ...(o.bounds.length === 4 ? { bounds: boxOf(base, o.bounds), fitBoundsOptions: { padding: 24 } } : { center: [114.3, 30.6], zoom: 11 }),
    localIdeographFontFamily: c.font,
    attributionControl: false,
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    fadeDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 150,
    locale: wordsOf(o.box, o.label),
  });
  map.touchZoomRotate.disableRotation();
  map.addControl(new NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new ScaleControl({ maxWidth: 120 }), "top-left");
  nameBase(map, base);
  map.on("error", () => {}); // the credit stands in the page, under the map. A tile that failed is asked for again when it is next needed

  let view = o.view;
  const paint = () => {
    const image = hatch(c);
    if (image && !map.hasImage(HATCH)) map.addImage(HATCH, image, { pixelRatio: 2 });
    for (const layer of map.getStyle().layers) {
      if (layer.id.startsWith("drawn")) continue;
      map.setLayoutProperty(layer.id, "visibility", isShown(layer.id, view) ? "visible" : "none");
    }
  };
  map.on("style.load", paint);

  // An area drawn by hand lies above everything and is gone with the page. What draws it is loaded when somebody draws.
  /** @type {import("./draw.js").Drawing|null} */
  let drawing = null;
  const pencil = async () => {
    if (drawing) return drawing;
    const { openDrawing } = await import("./draw.js");
    drawing ??= openDrawing(map, base, { drawn: ([corners]) => o.onDrawn(/** @type {number[][]} */ (/** @type {unknown} */ (corners))), corners: o.onCorner });
    return drawing;
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    c = colours();
    map.setStyle(base.under(coverageStyle(c, address, o.level)), { diff: false, transformStyle: withDrawn });
  });

  const at = (/** @type {import("maplibre-gl").MapMouseEvent} */ event) => {
    const { x, y } = event.point;
    const layers = HOLDS.map(([id]) => id).filter((id) => map.getLayer(id) && isShown(id, view));
    const found = map.queryRenderedFeatures([[x - 5, y - 5], [x + 5, y + 5]], { layers });
    for (const [id, kind] of HOLDS) {
      const one = found.find((f) => f.layer.id === id);
      if (one) return /** @type {Thing} */ ({ kind, id: one.properties.code ?? one.properties.id, name: one.properties.name ?? "" });
    }
    return null;
  };
  /** @type {Thing|null} */
  let pointed = null;
  map.on("mousemove", (event) => {
    const thing = at(event);
    if (!drawing?.isDrawing()) map.getCanvas().style.cursor = thing ? "pointer" : "";
    if (thing?.kind === pointed?.kind && thing?.id === pointed?.id) return;
    pointed = thing;
    heat(thing);
    o.onPoint(thing);
  });
  map.on("mouseout", () => {
    pointed = null;
    heat(null);
    o.onPoint(null);
  });
  map.on("click", (event) => {
    if (drawing?.isDrawing()) return;
    const thing = at(event);
    if (thing) o.onChoose(thing);
  });

  /** @type {{source: string, sourceLayer: string, id: string|number}|null} */
  let hot = null;
  const heat = (/** @type {{kind: string, id: string|number}|null} */ thing) => {
    if (hot) map.setFeatureState(hot, { hot: false });
    const source = thing && SOURCE[thing.kind];
    hot = thing && source ? { source, sourceLayer: source, id: thing.kind === "area" ? String(thing.id) : Number(thing.id) } : null;
    if (hot) map.setFeatureState(hot, { hot: true });
  };
  await new Promise((resolve) => {
    map.once("load", resolve);
  });
  return {
    show(wanted) {
      view = wanted;
      paint();
    },
    heat,
    async draw() {
      (await pencil()).start("polygon");
    },
    undo: () => drawing?.undo(),
    finish: () => drawing?.finish(),
    async outline(corners) {
      if (corners.length || drawing) (await pencil()).set(corners.length ? [/** @type {any} */ (corners)] : []);
    },
    box() {
      const b = map.getBounds();
      return [b.getSouthWest(), b.getSouthEast(), b.getNorthEast(), b.getNorthWest()].map(({ lng, lat }) => base.read([lng, lat]));
    },
  };
}

/** Another style, with what is drawn by hand kept on top. @type {import("maplibre-gl").TransformStyleFunction} */
function withDrawn(before, after) {
  const isDrawn = (/** @type {string} */ name) => name.startsWith("drawn");
  const sources = Object.entries(before?.sources ?? {}).filter(([name]) => isDrawn(name));
  const layers = (before?.layers ?? []).filter((layer) => isDrawn(layer.id));
  return { ...after, sources: { ...after.sources, ...Object.fromEntries(sources) }, layers: [...after.layers, ...layers] };
}
