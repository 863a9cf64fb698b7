// @ts-check
// Wires the pages about hotspots and campaigns: the map draws what the page's lists say, and the outline that is chosen. Without this
// file, or without WebGL, the lists and forms do the same.

const mapBox = document.getElementById("hotspot-map");
const data = document.getElementById("hotspot-shapes");
const corners = document.querySelector("[data-corners]"); // a page on which an outline is drawn

/** The number of the outline that is chosen in the form, or 1. @param {any} shapes */
function chosen(shapes) {
  const radio = /** @type {HTMLInputElement|null} */ (document.querySelector("input[name=shape]:checked"));
  const at = shapes.features.findIndex((/** @type {any} */ one) => one.properties.name === radio?.value);
  return at + 1 || 1;
}

async function openMap() {
  if (!mapBox || !data) return;
  try {
    const shapes = JSON.parse(data.textContent ?? "");
    const { openHotspotMap } = await import("./map/hotspot_map.js");
    const map = await openHotspotMap(mapBox, shapes, (address) => {
      if (!corners) location.href = address;
    });
    if (corners) return await (await import("./hotspot_draw.js")).wireMap(map);
    map.choose(chosen(shapes));
    document.addEventListener("change", (event) => {
      if (/** @type {HTMLInputElement} */ (event.target).name === "shape") map.choose(chosen(shapes));
    });
  } catch (error) {
    console.warn("no map", error);
    mapBox.hidden = true;
    /** @type {HTMLElement} */ (document.getElementById("map-none")).hidden = false;
    if (corners) (await import("./hotspot_draw.js")).withoutMap();
  }
}

for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => window.print());
if (corners) import("./hotspot_draw.js").then(({ wireCentre }) => wireCentre());
const folded = mapBox?.closest("details:not([open])"); // without a size there is nothing to draw on
if (folded) folded.addEventListener("toggle", openMap, { once: true });
else openMap();
