// @ts-check
// Wires the desk's playback: the map, the slider through the duty's time, and the list beside it. Without this file, or
// without WebGL, the list says the same. Every minute it is asked whether the duty may still be looked at; if not, what
// was shown goes.
import { eventAt, extent, whereAt } from "./domain/playback.js";

/** @typedef {import("./map/playback_map.js").PlaybackMap} PlaybackMap */

const page = /** @type {HTMLElement} */ (document.getElementById("playback"));
const seen = JSON.parse(/** @type {HTMLElement} */ (document.getElementById("playback-seen")).textContent ?? "");
const bar = /** @type {HTMLElement} */ (document.getElementById("playback-time"));
const slider = /** @type {HTMLInputElement} */ (document.getElementById("playback-at"));
const button = /** @type {HTMLButtonElement} */ (document.getElementById("playback-run"));
const clock = /** @type {HTMLElement} */ (document.getElementById("playback-clock"));
const lines = /** @type {HTMLElement[]} */ ([...page.querySelectorAll("[data-second]")]);
const seconds = lines.map((line) => Number(line.dataset.second));
const times = new Intl.DateTimeFormat("sv-SE", { hour: "2-digit", minute: "2-digit", timeZone: seen.zone });
const still = matchMedia("(prefers-reduced-motion: reduce)");
const WHOLE_MS = 60_000; // how long a duty takes to run through
const TICK_MS = 100;
const AGAIN_MS = 60_000;

/** @type {PlaybackMap|null} */
let map = null;
let running = 0;

function show() {
  const second = Number(slider.value);
  clock.textContent = times.format(second * 1000);
  slider.setAttribute("aria-valuetext", clock.textContent);
  const now = lines[eventAt(seconds, second)];
  for (const line of lines) {
    if (line === now) line.setAttribute("aria-current", "true");
    else line.removeAttribute("aria-current");
  }
  map?.show(whereAt(seen.track.lines, second));
}

/** Evenly through the time; where motion is not wanted, from one event to the next. */
function step() {
  const last = Number(slider.max);
  const second = Number(slider.value);
  const next = still.matches ? (seconds.find((s) => s > second) ?? last) : second + ((last - Number(slider.min)) * TICK_MS) / WHOLE_MS;
  slider.value = String(Math.min(last, next));
  show();
  if (Number(slider.value) >= last) rest();
}

function run() {
  if (Number(slider.value) >= Number(slider.max)) slider.value = slider.min;
  running = window.setInterval(step, still.matches ? 2_000 : TICK_MS);
  button.textContent = page.dataset.pause ?? "";
  button.setAttribute("aria-pressed", "true");
}

function rest() {
  clearInterval(running);
  running = 0;
  button.textContent = page.dataset.play ?? "";
  button.setAttribute("aria-pressed", "false");
}

/** The question is closed, or nobody is signed in: nothing of it stays on the screen. */
function over() {
  rest();
  map?.close();
  page.remove();
  document.getElementById("playback-seen")?.remove();
  const words = /** @type {HTMLElement} */ (document.getElementById("playback-over"));
  words.hidden = false;
}

async function ask() {
  if (document.hidden || !page.isConnected) return;
  try {
    const answer = await fetch(page.dataset.again ?? "", { cache: "no-store", redirect: "error" });
    if ([401, 403, 404].includes(answer.status)) over();
  } catch {
    // no network: it is asked again in a minute
  }
}

async function openMap() {
  const box = /** @type {HTMLElement} */ (document.getElementById("playback-map"));
  try {
    const { openPlaybackMap } = await import("./map/playback_map.js");
    map = await openPlaybackMap(box, seen);
    show();
  } catch (error) {
    console.warn("no map", error);
    box.hidden = true;
    /** @type {HTMLElement} */ (document.getElementById("map-none")).hidden = false;
  }
}

const span = extent(seen);
if (span) {
  [slider.min, slider.max] = span.map(String);
  slider.step = "1";
  slider.value = slider.min;
  bar.hidden = false;
  slider.addEventListener("input", show);
  button.addEventListener("click", () => (running ? rest() : run()));
  // Arrow keys a minute at a time: a second is nothing in a shift.
  slider.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 60, ArrowUp: 60, ArrowLeft: -60, ArrowDown: -60 }[event.key];
    if (!by) return;
    event.preventDefault();
    slider.value = String(Number(slider.value) + by);
    show();
  });
  show();
}
setInterval(ask, AGAIN_MS);
document.addEventListener("visibilitychange", ask);
openMap();
