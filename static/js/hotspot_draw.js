// @ts-check
// A hotspot's outline: the map and the text of corners say the same, whichever was changed last. Without a map the text
// does it alone, and a circle is made from its middle.
import { circleAround } from "./domain/geo.js";
import { cornerOf, isShape, partsOf, textOf } from "./domain/outline.js";

/** @typedef {import("./map/draw.js").Drawing} Drawing */
const $ = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const texts = /** @type {HTMLTextAreaElement[]} */ ([...document.querySelectorAll("[data-corners]")]);
let text = texts[0]; // the one that the map shows and writes
const state = $("draw-state");
const LEAST = 3;
const RADIUS_M = /** @type {const} */ ([26, 500]);
const radius = () => {
  const asked = Number(/** @type {HTMLInputElement} */ ($("draw-radius")).value) || RADIUS_M[0];
  return Math.max(RADIUS_M[0], Math.min(RADIUS_M[1], asked));
};
const say = (/** @type {string} */ what, n = 0) => {
  state.textContent = (state.dataset[what] ?? "").replace("0", String(n));
};

/** @param {import("./domain/outline.js").Part[]} parts */
function write(parts) {
  text.value = textOf(parts);
  text.dispatchEvent(new Event("input", { bubbles: true })); // the form was changed
}

/** West, south, east, north of the outline; of the township where there is none yet. @param {import("maplibre-gl").Map} map */
function whole(map) {
  const parts = partsOf(text.value);
  if (!isShape(parts)) return (map.getContainer().dataset.bounds ?? "").split(",").map(Number);
  const [lons, lats] = [0, 1].map((axis) => parts.flat().map((at) => at[axis]));
  return [Math.min(...lons), Math.min(...lats), Math.max(...lons), Math.max(...lats)];
}

/** A circle round typed numbers: by keys, with a map or without. */
export function wireCentre() {
  $("draw-by-keys").hidden = false;
  $("draw-centre-go").addEventListener("click", () => {
    const centre = /** @type {HTMLInputElement} */ ($("draw-centre"));
    const at = cornerOf(centre.value);
    if (at) write([circleAround(at, radius()).slice(0, -1)]);
    (at ? text : centre).focus();
  });
}

/** The tools stay away, so how wide a circle is goes to the numbers that make one. */
export function withoutMap() {
  const field = (/** @type {string} */ id) => /** @type {HTMLElement} */ ($(id).closest(".field"));
  field("draw-centre").after(field("draw-radius"));
}

/** @param {import("./map/hotspot_map.js").HotspotMap} shown */
export async function wireMap({ map, base, ready, fit }) {
  const [{ openDrawing }] = await Promise.all([import("./map/draw.js"), ready]);
  fit(whole(map));
  let byHand = false;
  /** @type {import("./domain/outline.js").Part[]} what stays while another place is drawn beside it */
  let kept = [];
  const [undo, done, clear] = ["draw-undo", "draw-done", "draw-clear"].map($);
  const buttons = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-draw]")]);
  const press = (/** @type {string} */ kind) => {
    for (const one of buttons) one.setAttribute("aria-pressed", String(one.dataset.draw === kind));
  };
  const settled = () => {
    press("");
    undo.hidden = done.hidden = true;
    clear.hidden = !text.value.trim();
    say(text.value.trim() ? "ready" : "none");
  };
  const drawing = openDrawing(map, base, {
    radius,
    drawn(parts) {
      if (kept.length) drawing.set([...kept, ...parts]);
      byHand = true;
      write([...kept, ...parts]);
      byHand = false;
      kept = [];
      settled();
    },
    corners(n) {
      undo.hidden = n === 0;
      done.hidden = n < LEAST;
      if (drawing.isDrawing()) say("polygon", n);
    },
  });
  const read = () => {
    if (byHand) return;
    kept = [];
    const parts = partsOf(text.value);
    drawing.set(isShape(parts) ? parts : []);
    settled();
    if (!isShape(parts) && text.value.trim()) say("unread");
  };
  const choose = (/** @type {HTMLTextAreaElement} */ wanted) => {
    if (wanted === text) return;
    text = wanted;
    const select = /** @type {HTMLSelectElement|null} */ ($("draw-for"));
    if (select) select.value = text.id;
    read();
  };
  for (const one of texts) {
    one.addEventListener("input", read);
    one.addEventListener("focus", () => choose(one));
  }
  $("draw-for")?.addEventListener("change", (event) => {
    const id = /** @type {HTMLSelectElement} */ (event.target).value;
    choose(texts.find((one) => one.id === id) ?? text);
  });
  for (const one of buttons) {
    one.addEventListener("click", () => {
      const kind = /** @type {import("./map/draw.js").Kind} */ (one.dataset.draw);
      kept = text.dataset.corners === "many" ? (partsOf(text.value) ?? []) : [];
      drawing.start(kind);
      press(kind);
      undo.hidden = done.hidden = true;
      say(kind);
    });
  }
  undo.addEventListener("click", () => drawing.undo());
  done.addEventListener("click", () => drawing.finish());
  clear.addEventListener("click", () => write([]));
  read();
  $("draw-tools").hidden = false;
}
