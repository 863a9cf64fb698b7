// @ts-check
// Calls for help on every desk page: heard by the stream, asked for every 15 s where the stream is cut, shown in a bar that
// is drawn by the server, rung until somebody takes them. `data-alarm` on the root says what the page is doing.

import { keepRinging } from "./deskpush.js";

const bar = /** @type {HTMLElement} */ (document.getElementById("alarm-bar"));
const POLL_MS = 15_000; // without a stream
const CALM_MS = 60_000; // beside one
const BEEP_MS = 1_500;
const REMEMBERED = "xunfang.alarm.sound";
const plainTitle = document.title;

/** @type {EventSource|null} */
let stream = null;
let asked = 0;
/** @type {AudioContext|null} */
let audio = null;
let waking = false;

// --- what rings -----------------------------------------------------------------------------------

async function ask() {
  asked = Date.now();
  try {
    const answer = await fetch(bar.dataset.address ?? "", { headers: { Accept: "text/html" }, redirect: "error" });
    if (answer.ok) show(await answer.text());
  } catch {
    // no network, or signed out meanwhile: what stands stays, and is asked for again
  }
}

/** The bar as the server drew it; the focus stays where it was. @param {string} page */
function show(page) {
  const fresh = new DOMParser().parseFromString(page, "text/html").body;
  if (idsIn(fresh) !== idsIn(bar)) {
    const id = bar.contains(document.activeElement) ? document.activeElement?.id : "";
    bar.replaceChildren(...fresh.childNodes);
    if (id) document.getElementById(id)?.focus({ preventScroll: true });
  }
  ring();
}

/** @param {HTMLElement} box */
function idsIn(box) {
  return [.../** @type {NodeListOf<HTMLElement>} */ (box.querySelectorAll("[data-alarm]"))].map((one) => one.dataset.alarm).join(" ");
}

const rings = () => bar.querySelector("[data-alarm]") !== null;

// --- the stream, and asking without it ------------------------------------------------------------

function listen() {
  stream?.close();
  stream = new EventSource(bar.dataset.stream ?? "");
  stream.addEventListener("open", ask);
  stream.addEventListener("sos", ask);
  stream.addEventListener("full", () => later(CALM_MS)); // newer pages of this person listen; this one asks
  stream.addEventListener("error", () => {
    if (stream?.readyState === EventSource.CLOSED) later(POLL_MS); // refused: the browser does not try again by itself
  });
}

/** @param {number} ms */
function later(ms) {
  stream?.close();
  setTimeout(listen, ms);
}

const isHeard = () => stream?.readyState === EventSource.OPEN;

function poll() {
  if (Date.now() - asked >= (isHeard() ? CALM_MS : POLL_MS)) ask();
}

// --- sound and title ------------------------------------------------------------------------------

/** Starts or ends the ringing, and says on the root which it is. */
function ring() {
  const root = document.documentElement;
  if (!rings()) {
    root.dataset.alarm = "quiet";
    document.title = plainTitle;
    return;
  }
  audio ??= new AudioContext();
  if (audio.state === "suspended" && !waking) wake(audio);
  root.dataset.alarm = audio.state === "running" ? "ringing" : "blocked";
  const button = document.getElementById("alarm-sound");
  if (button) button.hidden = audio.state === "running";
}

/** Asked once: a browser that does not allow it yet answers when it does. @param {AudioContext} on */
function wake(on) {
  waking = true;
  on.resume().then(ring, () => {}).finally(() => {
    waking = false;
  });
}

function beat() {
  if (!rings()) return;
  ring();
  const words = /** @type {HTMLElement|null} */ (bar.querySelector("[data-flash]"))?.dataset.flash ?? "";
  document.title = document.title === plainTitle ? words : plainTitle;
  if (audio?.state === "running") beep(audio);
}

/** Two tones, a fourth apart, half a second each. @param {AudioContext} on */
function beep(on) {
  for (const [n, hertz] of [880, 660].entries()) {
    const from = on.currentTime + n * 0.5;
    const tone = on.createOscillator();
    const volume = on.createGain();
    tone.type = "square";
    tone.frequency.value = hertz;
    volume.gain.setValueAtTime(0.2, from);
    volume.gain.exponentialRampToValueAtTime(0.001, from + 0.45);
    tone.connect(volume).connect(on.destination);
    tone.start(from);
    tone.stop(from + 0.5);
  }
}

/**
 * A browser lets a page be heard only after a touch: the button is one, and so is any other from then on. The button is
 * gone before its click would come, so the touch itself is what counts.
 */
function allowSound() {
  for (const kind of ["pointerdown", "keydown"]) {
    document.addEventListener(kind, (event) => {
      if (/** @type {Element} */ (event.target).closest?.("#alarm-sound")) remember();
      if (!audio && !isRemembered()) return;
      audio ??= new AudioContext();
      audio.resume().then(ring, () => {});
    });
  }
}

function remember() {
  try {
    localStorage.setItem(REMEMBERED, "on");
  } catch {
    // private window: it is asked again on the next page
  }
}

function isRemembered() {
  try {
    return localStorage.getItem(REMEMBERED) === "on";
  } catch {
    return false;
  }
}

// --- the map of one call --------------------------------------------------------------------------

async function openMap() {
  const box = document.getElementById("alarm-map");
  if (!box) return;
  try {
    const { openAlarmMap } = await import("./map/alarm.js");
    await openAlarmMap(box);
  } catch (error) {
    console.warn("no map", error);
    box.hidden = true;
  }
}

allowSound();
listen();
ask();
setInterval(poll, 1_000);
setInterval(beat, BEEP_MS);
openMap();
keepRinging(bar.dataset.me ?? "");
