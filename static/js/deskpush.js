// @ts-check
// "Ring this computer, even when this page is closed." The words of every state stand in the page (desk/_push.html); this
// shows the one that holds. Who has asked for it is remembered in the browser, so that a lost address is mended at the next
// opening, and never for somebody else.
import { ask, mend, permission } from "./pushing.js";

/** @typedef {"off"|"on"|"denied"|"not_here"|"no_signal"} State */

const SCOPE = "/desk/";
const REMEMBERED = "xunfang.push";
const LOOKED = "xunfang.push.looked";
const canPush = () => typeof Notification === "function" && typeof PushManager === "function" && !!navigator.serviceWorker;

/** @param {string} me who is signed in */
export async function keepRinging(me) {
  if (read(localStorage, REMEMBERED) === me && !read(sessionStorage, LOOKED) && canPush() && (await permission()) === "granted") {
    const comes = await worker().then((own) => mend(own.pushManager)).catch(() => false);
    if (comes) write(sessionStorage, LOOKED, "1");
  }
  const box = document.getElementById("push");
  if (!box) return;
  box.addEventListener("click", async (event) => {
    const button = /** @type {HTMLButtonElement|null} */ (/** @type {Element} */ (event.target).closest("button[data-do]"));
    if (!button) return;
    button.disabled = true;
    draw(box, button.dataset.do === "on" ? await turnOn(me) : await turnOff());
    button.disabled = false;
  });
  draw(box, await look());
}

/** @returns {Promise<State>} */
async function look() {
  if (!canPush()) return "not_here";
  if ((await permission()) === "denied") return "denied";
  const state = await ask("GET");
  if (state.status !== 200) return "no_signal";
  const kept = await (await known())?.pushManager.getSubscription();
  return kept && state.json.subscribed ? "on" : "off";
}

/** In the course of a tap: only then does a browser ask. @param {string} me @returns {Promise<State>} */
async function turnOn(me) {
  const said = await Notification.requestPermission();
  if (said !== "granted") return said === "denied" ? "denied" : "off";
  try {
    if (!(await mend((await worker()).pushManager))) return "no_signal";
  } catch {
    return "not_here"; // its push service gives no address
  }
  write(localStorage, REMEMBERED, me);
  return "on";
}

/** The server forgets the address first; then the browser does. @returns {Promise<State>} */
async function turnOff() {
  write(localStorage, REMEMBERED, "");
  const gone = await ask("DELETE");
  if (gone.status !== 204) return "no_signal";
  await (await (await known())?.pushManager.getSubscription())?.unsubscribe().catch(() => false);
  return "off";
}

/** The desk's own worker, if it is there. The phone's, of the same browser, has a wider scope and an address of its own. */
async function known() {
  const found = await navigator.serviceWorker.getRegistration(SCOPE);
  return found && new URL(found.scope).pathname === SCOPE ? found : null;
}

/** Registered and running: before that no browser gives an address. @returns {Promise<ServiceWorkerRegistration>} */
async function worker() {
  const registration = await navigator.serviceWorker.register("/desk/sw.js", { scope: SCOPE });
  const coming = registration.installing ?? registration.waiting;
  if (!registration.active && coming) {
    await new Promise((done) => {
      coming.addEventListener("statechange", () => (coming.state === "activated" || coming.state === "redundant") && done(null));
    });
  }
  return registration;
}

/** @param {HTMLElement} box @param {State} state */
function draw(box, state) {
  box.dataset.state = state;
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (box.querySelectorAll("[data-when]"))) {
    part.hidden = !part.dataset.when?.split(" ").includes(state);
  }
  box.hidden = false;
}

/** @param {Storage} where @param {string} name */
function read(where, name) {
  try {
    return where.getItem(name);
  } catch {
    return null; // a browser that keeps nothing
  }
}

/** @param {Storage} where @param {string} name @param {string} value */
function write(where, name, value) {
  try {
    where.setItem(name, value);
  } catch {
    // it rings all the same; only a lost address is not mended by itself
  }
}
