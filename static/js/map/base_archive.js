// @ts-check
// A PMTiles archive under our maps, asked for in parts. Loaded only where one is set up. Pictures are shown as they are;
// shapes are drawn quietly in the colours of the page, by the layer names of Protomaps and of OpenMapTiles.
import { addProtocol } from "maplibre-gl";
import { PMTiles, Protocol, TileType } from "pmtiles";

const SOURCE = "under-archive";

/** @param {string} address @returns {Promise<import("./base.js").Under>} */
export async function fromArchive(address) {
  const protocol = new Protocol();
  const archive = new PMTiles(address);
  protocol.add(archive);
  addProtocol("pmtiles", protocol.tile);
  const { tileType } = await archive.getHeader();
  const isShapes = tileType === TileType.Mvt;
  const source = { type: isShapes ? "vector" : "raster", url: `pmtiles://${address}`, ...(isShapes ? {} : { tileSize: 256 }) };
  return { sources: { [SOURCE]: source }, layers: isShapes ? shapes() : [{ id: "base-under-archive", type: "raster", source: SOURCE }] };
}

function shapes() {
  const css = getComputedStyle(document.documentElement);
  const of = (/** @type {string} */ name) => css.getPropertyValue(name).trim();
  const [water, street, edge, ink, card] = ["--map-water", "--map-street", "--map-edge", "--ink", "--card"].map(of);
  /** @param {string} name @param {string} type @param {any} paint @param {any} [more] */
  const layer = (name, type, paint, more) => ({ id: `base-under-${name}`, type, source: SOURCE, "source-layer": name, paint, ...more });
  const wide = ["interpolate", ["linear"], ["zoom"], 9, 0.5, 16, 4];
  const names = { layout: { "text-field": ["coalesce", ["get", "name"], ""], "text-size": 12 } };
  const halo = { "text-color": ink, "text-halo-color": card, "text-halo-width": 1.4 };
  return [
    layer("water", "fill", { "fill-color": water }, { filter: ["==", ["geometry-type"], "Polygon"] }),
    ...["building", "buildings"].map((name) => layer(name, "fill", { "fill-color": edge, "fill-opacity": 0.08 }, { minzoom: 14 })),
    ...["roads", "transportation"].map((name) => layer(name, "line", { "line-color": street, "line-opacity": 0.35, "line-width": wide })),
    ...["boundaries", "boundary"].map((name) => layer(name, "line", { "line-color": edge, "line-opacity": 0.3, "line-dasharray": [3, 2] })),
    ...["places", "place"].map((name) => layer(name, "symbol", halo, names)),
  ];
}
