// @ts-check
// The reviewer's map: our own tiles only. It says what was pointed at and chosen; the page does the rest.
import { Map as MapLibre, NavigationControl, ScaleControl, setWorkerUrl } from "maplibre-gl";
import { boxOf, nameBase, openBase, tilesOf } from "./base.js";
import { colours, coverageStyle, HATCH, hatch, isShown } from "./coverage_style.js";

/**
 * @typedef {{kind: "street"|"hotspot"|"route"|"area", id: string|number, name: string}} Thing
 * @typedef {{box: HTMLElement, bounds: number[], from: string, to: string, times: string, view: string, label: string, level: string,
 *   onPoint: (thing: Thing|null) => void, onChoose: (thing: Thing) => void}} Options
 * @typedef {{show: (view: string) => void, heat: (thing: {kind: string, id: string}|null) => void,
 *   draw: (on: boolean, onCorner?: (corners: number[][]) => void) => void, outline: (corners: number[][]) => void, corners: () => number[][], box: () => number[][]}} CoverageMap
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
    locale: { "Map.Title": o.label },
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

  // An area drawn by taps, corner by corner; it lies above everything and is gone with the page.
  /** @type {number[][]} */
  let corners = [];
  /** @type {((corners: number[][]) => void)|null} */
  let onCorner = null;
  const shape = () => {
    const shown = corners.map(([lon, lat]) => base.draw([lon, lat])); // corners are WGS-84
    const ring = shown.length ? [...shown, shown[0]] : [];
    return /** @type {import("geojson").FeatureCollection} */ ({ type: "FeatureCollection", features: [
      ...shown.map((coordinates) => ({ type: "Feature", properties: {}, geometry: { type: "Point", coordinates } })),
      ...(shown.length > 1 ? [{ type: "Feature", properties: {}, geometry: { type: "LineString", coordinates: ring } }] : []),
    ] });
  };
  map.on("style.load", () => {
    map.addSource("drawn", { type: "geojson", data: shape() });
    map.addLayer({ id: "drawn-line", type: "line", source: "drawn", filter: ["==", ["geometry-type"], "LineString"], paint: { "line-color": c.ink, "line-width": 3, "line-dasharray": [2, 1] } });
    map.addLayer({ id: "drawn-points", type: "circle", source: "drawn", filter: ["==", ["geometry-type"], "Point"], paint: { "circle-color": c.ink, "circle-radius": 5 } });
  });
  const outline = (/** @type {number[][]} */ wanted) => {
    corners = wanted;
    /** @type {import("maplibre-gl").GeoJSONSource|undefined} */ (map.getSource("drawn"))?.setData(shape());
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    c = colours();
    map.setStyle(base.under(coverageStyle(c, address, o.level)), { diff: false });
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
    map.getCanvas().style.cursor = onCorner ? "crosshair" : thing ? "pointer" : "";
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
    if (onCorner) {
      outline([...corners, base.read([event.lngLat.lng, event.lngLat.lat])]);
      onCorner(corners);
      return;
    }
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
    draw(on, tell) {
      onCorner = on ? (tell ?? null) : null;
      map.doubleClickZoom[on ? "disable" : "enable"]();
      map.getCanvas().style.cursor = on ? "crosshair" : "";
    },
    outline,
    corners: () => corners,
    box() {
      const b = map.getBounds();
      return [b.getSouthWest(), b.getSouthEast(), b.getNorthEast(), b.getNorthWest()].map(({ lng, lat }) => base.read([lng, lat]));
    },
  };
}
