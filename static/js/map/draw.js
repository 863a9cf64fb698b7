// @ts-check
// Drawing on one of our maps with Terra Draw: a polygon, a rectangle, or a circle of so many metres round a tap; then its
// corners are dragged. Loaded only when somebody draws. Corners in and out are WGS-84, whatever lies under the map.
import { TerraDraw, TerraDrawModeUndoRedo, TerraDrawPointMode, TerraDrawPolygonMode, TerraDrawRectangleMode, TerraDrawSelectMode } from "terra-draw";
import { TerraDrawMapLibreGLAdapter } from "terra-draw-maplibre-gl-adapter";
import { circleAround } from "../domain/geo.js";
import { drawnParts, featuresOf } from "../domain/outline.js";

/**
 * @typedef {import("../domain/outline.js").Part} Part
 * @typedef {"polygon"|"rectangle"|"circle"} Kind
 * @typedef {{drawn: (parts: Part[]) => void, corners: (n: number) => void, radius?: () => number}} Told `drawn` by hand;
 *   `corners` of a polygon that is being drawn; `radius` of a circle, in metres
 * @typedef {{start: (kind: Kind) => void, finish: () => void, undo: () => void, set: (parts: Part[]) => void, isDrawing: () => boolean}} Drawing
 */

export const LAYERS = "drawn"; // what the names of Terra Draw's layers begin with

/** @param {import("maplibre-gl").Map} map whose style is there @param {import("./base.js").Base} base @param {Told} told @returns {Drawing} */
export function openDrawing(map, base, told) {
  const draw = new TerraDraw({
    adapter: new TerraDrawMapLibreGLAdapter({ map, prefixId: LAYERS }),
    modes: modes(),
    undoRedo: { modeLevel: new TerraDrawModeUndoRedo() },
  });
  draw.start();
  draw.setMode("select");

  const set = (/** @type {Part[]} */ parts) => {
    draw.clear();
    draw.setMode("select");
    const features = featuresOf(parts, base.draw).map((one) => ({ ...one, id: draw.getFeatureId() }));
    draw.addFeatures(features);
    if (features.length === 1) draw.selectFeature(features[0].id);
  };
  const parts = () => drawnParts(draw.getSnapshot(), base.read);

  /** @param {string|number} id @param {{mode: string, action: string}} how */
  const finished = (id, how) => {
    if (how.action === "insertMidpoint") return; // its drag follows
    if (how.mode === "point") {
      const tapped = /** @type {any} */ (draw.getSnapshotFeature(id)).geometry.coordinates;
      set([circleAround(base.read(tapped), told.radius?.() ?? 0).slice(0, -1)]);
    } else if (how.action === "draw") set(parts());
    told.drawn(parts());
  };
  // What Terra Draw does after it has told us comes first.
  draw.on("finish", (id, how) => queueMicrotask(() => finished(id, how)));
  let corners = 0;
  draw.on("change", () => {
    const now = draw.getSnapshot().find((one) => one.properties.currentlyDrawing && one.properties.mode === "polygon");
    const n = Number(now?.properties.committedCoordinateCount ?? 0);
    if (n === corners) return;
    corners = n;
    told.corners(n);
  });

  return {
    start(kind) {
      draw.clear();
      draw.setMode(kind === "circle" ? "point" : kind);
    },
    finish() {
      map.getCanvas().dispatchEvent(new KeyboardEvent("keyup", { key: "Enter" }));
    },
    undo: () => void draw.undo(),
    set,
    isDrawing: () => draw.getMode() !== "select",
  };
}

function modes() {
  const css = getComputedStyle(document.documentElement);
  const of = (/** @type {string} */ name) => /** @type {`#${string}`} */ (css.getPropertyValue(name).trim());
  const [ink, card, accent] = ["--ink", "--card", "--accent"].map(of);
  const shape = { fillColor: accent, fillOpacity: 0.16, outlineColor: ink, outlineWidth: 3 };
  const closing = { closingPointColor: card, closingPointWidth: 8, closingPointOutlineColor: ink, closingPointOutlineWidth: 3 };
  return [
    new TerraDrawPolygonMode({ styles: { ...shape, ...closing }, showCoordinatePoints: false }),
    new TerraDrawRectangleMode({ styles: shape }),
    new TerraDrawPointMode({ styles: { pointColor: ink, pointWidth: 6 } }),
    new TerraDrawSelectMode({
      keyEvents: null, // the keyboard's way is the text beside the map
      pointerDistance: 24,
      styles: {
        selectedPolygonColor: accent, selectedPolygonFillOpacity: 0.16, selectedPolygonOutlineColor: ink, selectedPolygonOutlineWidth: 3,
        selectionPointColor: card, selectionPointWidth: 8, selectionPointOutlineColor: ink, selectionPointOutlineWidth: 3,
        midPointColor: ink, midPointWidth: 4, midPointOutlineColor: card, midPointOutlineWidth: 1,
      },
      flags: { polygon: { feature: { draggable: true, coordinates: { draggable: true, deletable: true, midpoints: { draggable: true } } } } },
    }),
  ];
}
