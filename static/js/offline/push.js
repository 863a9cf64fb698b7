// @ts-check
// Messages to this browser while the page is closed. Asked for by the member's own yes, and given back by a no.
import { call } from "../api.js";

/** @typedef {"on"|"denied"|"not_here"|"no_signal"} PushState not_here: this browser has none, or its push service did not answer */

/** To be called in the course of a tap: only then does a browser ask. @returns {Promise<PushState>} */
export async function turnOnPush() {
  if (typeof Notification !== "function" || typeof PushManager !== "function") return "not_here";
  if ((await Notification.requestPermission()) !== "granted") return "denied";
  const registration = await navigator.serviceWorker?.getRegistration();
  if (!registration) return "not_here";
  const state = await call("GET", "/me/push");
  if (state.status !== 200) return "no_signal";
  try {
    const own = await subscribe(registration.pushManager, state.json.key);
    const reply = await call("POST", "/me/push", { body: own.toJSON() });
    return reply.status === 204 ? "on" : reply.status === 0 ? "no_signal" : "not_here";
  } catch {
    return "not_here";
  }
}

/** @param {PushManager} manager @param {string} key of the server, base64url */
async function subscribe(manager, key) {
  const wanted = bytes(key);
  const kept = await manager.getSubscription();
  const old = kept?.options.applicationServerKey;
  if (kept && old && String(new Uint8Array(old)) === String(wanted)) return kept;
  await kept?.unsubscribe(); // it belongs to another server's key
  return manager.subscribe({ userVisibleOnly: true, applicationServerKey: wanted });
}

/** The server forgets the address; the browser's own subscription goes, too. */
export async function turnOffPush() {
  await call("DELETE", "/me/push");
  try {
    const registration = await navigator.serviceWorker?.getRegistration();
    await (await registration?.pushManager?.getSubscription())?.unsubscribe();
  } catch {
    // none to be had: there was none to give back
  }
}

/** @param {string} text base64url */
function bytes(text) {
  return Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
}
