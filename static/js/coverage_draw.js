// @ts-check
// Drawing an area on the coverage map: taps set corners, a button closes it, the drawer answers; a corner that is dragged
// afterwards asks again. By keyboard the same is done by what the map shows, or by the four sides of the form, which needs no script.

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

/**
 * @param {() => CoverageMap|null} map @param {(key: string) => void} open
 * @returns {{drawn: (corners: number[][]) => void, corner: (n: number) => void, wire: () => void}} what the map tells, and the buttons
 */
export function drawingOf(map, open) {
  const [start, undo, done, view, state] = ["draw-start", "draw-undo", "draw-done", "draw-view", "draw-state"].map($);
  const corner = (/** @type {number} */ n) => {
    state.textContent = (state.dataset.words ?? "").replace("0", String(n));
    undo.hidden = n === 0;
    done.hidden = n < FEWEST;
  };
  const drawn = (/** @type {number[][]} */ corners) => {
    undo.hidden = done.hidden = true;
    state.textContent = state.dataset.drag ?? "";
    open(`drawn/${addressOf(corners)}`);
  };
  const wire = () => {
    $("draw-tools").hidden = false;
    start.addEventListener("click", async () => {
      await map()?.draw();
      corner(0);
    });
    undo.addEventListener("click", () => map()?.undo());
    done.addEventListener("click", () => map()?.finish());
    view.addEventListener("click", () => drawn(map()?.box() ?? []));
  };
  return { drawn, corner, wire };
}
