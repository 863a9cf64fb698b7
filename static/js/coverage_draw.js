// @ts-check
// Drawing an area on the coverage map: taps set corners, a button closes it, and the drawer answers. By keyboard the same
// is done by what the map shows, or by the four sides of the form, which needs no script.

/** @typedef {import("./map/coverage_map.js").CoverageMap} CoverageMap */
const $ = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const FEWEST = 3;

/** The corners as the address has them, to about a metre. @param {number[][]} corners */
export function addressOf(corners) {
  return corners.map(([lon, lat]) => `${lon.toFixed(5)},${lat.toFixed(5)}`).join(";");
}

/** The corners of an address; none of what is no number. @param {string} text */
export function cornersOf(text) {
  const corners = text.split(";").map((corner) => corner.split(",").map(Number));
  return corners.every((corner) => corner.length === 2 && corner.every(Number.isFinite)) ? corners : [];
}

/** @param {CoverageMap} map @param {(key: string) => void} open */
export function wireDrawing(map, open) {
  const [start, undo, done, view, state] = ["draw-start", "draw-undo", "draw-done", "draw-view", "draw-state"].map($);
  $("draw-tools").hidden = false;
  const say = () => {
    const n = map.corners().length;
    state.textContent = (state.dataset.words ?? "").replace("0", String(n));
    undo.hidden = n === 0;
    done.hidden = n < FEWEST;
  };
  const show = (/** @type {number[][]} */ corners) => {
    map.draw(false);
    undo.hidden = done.hidden = true;
    map.outline(corners);
    open(`drawn/${addressOf(corners)}`);
  };
  start.addEventListener("click", () => {
    map.outline([]);
    map.draw(true, say);
    say();
  });
  undo.addEventListener("click", () => {
    map.outline(map.corners().slice(0, -1));
    say();
  });
  done.addEventListener("click", () => show(map.corners()));
  view.addEventListener("click", () => show(map.box()));
}
