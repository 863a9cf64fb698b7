// @ts-check
// Wires the coverage page: the map and the rows point at each other, a click opens the drawer, the layer changes the
// map and the address. Without this file the form, the links and the lists do the same by loading pages.

import { cornersOf, drawingOf } from "./coverage_draw.js";
import { periodAt } from "./domain/periods.js";

/** @typedef {import("./map/coverage_map.js").CoverageMap} CoverageMap */
const $ = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const box = $("map");
const drawer = $("why");
const layer = /** @type {HTMLSelectElement} */ ($("layer"));
/** @type {CoverageMap|null} */
let map = null;
/** @type {HTMLElement|null} where the focus was when the drawer opened */
let from = null;

// --- the map --------------------------------------------------------------------------------------

const drawing = drawingOf(() => map, (key) => openWhy(key));

async function openMap() {
  try {
    const { openCoverageMap } = await import("./map/coverage_map.js");
    map = await openCoverageMap({
      box, view: layer.value, from: box.dataset.from ?? "", to: box.dataset.to ?? "", times: box.dataset.times ?? "1", label: box.dataset.label ?? "", level: box.dataset.level ?? "",
      bounds: (box.dataset.bounds ?? "").split(",").filter(Boolean).map(Number),
      onPoint: (thing) => {
        point(thing && `${thing.kind}/${thing.id}`);
        tip(thing?.name ?? "");
      },
      onChoose: (thing) => openWhy(`${thing.kind}/${thing.id}`),
      onDrawn: drawing.drawn,
      onCorner: drawing.corner,
    });
    $("map-wait").remove();
    drawing.wire();
    outlineDrawn();
  } catch (error) {
    console.warn("no map", error);
    box.hidden = true;
    for (const one of document.querySelectorAll("[data-legend]")) /** @type {HTMLElement} */ (one).hidden = true;
    $("map-none").hidden = false;
  }
}

/** The area in the drawer is outlined on the map. */
function outlineDrawn() {
  const text = $("why-title")?.dataset.drawn;
  if (text) map?.outline(cornersOf(text));
}

/** @param {string} words */
function tip(words) {
  let sign = /** @type {HTMLElement|null} */ (box.querySelector(".map-tip"));
  if (!sign) {
    sign = document.createElement("div");
    sign.className = "map-tip";
    box.append(sign);
  }
  sign.textContent = words;
  sign.hidden = !words;
}

/** The row of what the map points at. @param {string|null} key e.g. "area/4201…" */
function point(key) {
  for (const row of document.querySelectorAll(".is-hot")) row.classList.remove("is-hot");
  if (key) document.querySelector(`[data-why="${CSS.escape(key)}"]`)?.closest("tr, li")?.classList.add("is-hot");
}

/** Rows light up their shapes, by pointer and by focus alike. */
function heatRows() {
  const keyOf = (/** @type {EventTarget|null} */ target) =>
    /** @type {HTMLElement|null} */ (target instanceof Element ? target.closest("tr, li")?.querySelector("[data-why]") ?? null : null)?.dataset.why;
  const heat = (/** @type {Event} */ event) => {
    const [kind, id] = keyOf(event.target)?.split("/") ?? [];
    map?.heat(kind ? { kind, id } : null);
  };
  for (const list of document.querySelectorAll(".villages, .streets")) {
    list.addEventListener("pointerover", heat);
    list.addEventListener("focusin", heat);
    list.addEventListener("pointerleave", () => map?.heat(null));
    list.addEventListener("focusout", () => map?.heat(null));
  }
}

// --- the drawer -----------------------------------------------------------------------------------

/** @param {string} key @param {boolean} [remember] whether the address changes */
async function openWhy(key, remember = true) {
  const here = new URL(location.href);
  here.searchParams.set("why", key.replace("/", ":"));
  const query = new URLSearchParams(here.searchParams);
  query.delete("why");
  drawer.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(`${box.dataset.why}${key}?${query}`, { headers: { Accept: "text/html" }, redirect: "error" });
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").body;
    drawer.replaceChildren(...fresh.childNodes);
  } catch {
    location.href = here.href; // signed out, or no network: the page itself says so
    return;
  } finally {
    drawer.removeAttribute("aria-busy");
  }
  if (remember) history.pushState({ why: key }, "", here);
  if (drawer.hidden) from = /** @type {HTMLElement|null} */ (document.activeElement);
  drawer.hidden = false;
  markOpen(key);
  outlineDrawn();
  const title = $("why-title");
  title?.focus({ preventScroll: true });
  drawer.scrollIntoView({ block: "nearest", behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
}

/** @param {boolean} [remember] */
function closeWhy(remember = true) {
  drawer.hidden = true;
  drawer.replaceChildren();
  map?.outline([]);
  markOpen(null);
  if (remember) {
    const here = new URL(location.href);
    here.searchParams.delete("why");
    history.pushState({}, "", here);
  }
  from?.focus();
  from = null;
}

/** @param {string|null} key */
function markOpen(key) {
  for (const row of document.querySelectorAll(".is-open")) row.classList.remove("is-open");
  if (key) document.querySelector(`[data-why="${CSS.escape(key)}"]`)?.closest("tr")?.classList.add("is-open");
}

document.addEventListener("click", (event) => {
  if (event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const target = /** @type {Element} */ (event.target);
  const link = /** @type {HTMLElement|null} */ (target.closest("[data-why]:not(#map)"));
  if (link) {
    event.preventDefault();
    from = link;
    openWhy(link.dataset.why ?? "");
  } else if (target.closest("[data-close]")) {
    event.preventDefault();
    closeWhy();
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !drawer.hidden) closeWhy();
});
window.addEventListener("popstate", () => {
  const why = new URL(location.href).searchParams.get("why");
  if (why) openWhy(why.replace(":", "/"), false);
  else closeWhy(false);
});

// --- the layer ------------------------------------------------------------------------------------

layer.addEventListener("change", () => {
  const here = new URL(location.href);
  here.searchParams.set("layer", layer.value);
  history.replaceState(history.state, "", here);
  for (const one of document.querySelectorAll("[data-legend]")) {
    /** @type {HTMLElement} */ (one).hidden = /** @type {HTMLElement} */ (one).dataset.legend !== layer.value || !map;
  }
  map?.show(layer.value);
});

// --- the period -----------------------------------------------------------------------------------

/** Steps through periods of the same length; the links beside it do the same one by one. */
function wireSlide() {
  const slide = /** @type {HTMLInputElement} */ ($("slide"));
  const period = () => periodAt(slide.dataset.today ?? "", Number(slide.dataset.days), Number(slide.value));
  slide.hidden = false;
  slide.addEventListener("input", () => {
    const words = period().join(" – ");
    $("slide-words").textContent = words;
    slide.setAttribute("aria-valuetext", words);
  });
  slide.addEventListener("change", () => {
    const here = new URL(location.href);
    const [first, last] = period();
    here.searchParams.set("from", first);
    here.searchParams.set("to", last);
    here.searchParams.delete("by");
    location.href = here.href;
  });
}

heatRows();
wireSlide();
openMap();
