// @ts-check
// Messages to this browser while the page is closed. Asked for by the member's own yes, and given back by a no.
import { call } from "../api.js";
import { mend, permission, subscribe } from "../pushing.js";
import { getMeta, setMeta } from "./db.js";

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
    if (reply.status === 204) await setMeta("push", (await getMeta("session"))?.person?.id ?? null);
    return reply.status === 204 ? "on" : reply.status === 0 ? "no_signal" : "not_here";
  } catch {
    return "not_here";
  }
}

/**
 * What was lost meanwhile (the browser ended the address, the session is a new one) is put right at the opening of the page;
 * only for the member who asked for it.
 */
export async function mendPush() {
  const person = (await getMeta("session"))?.person;
  if (!person || (await getMeta("push")) !== person.id) return;
  if (typeof Notification !== "function" || (await permission()) !== "granted") return;
  const registration = await navigator.serviceWorker?.getRegistration();
  if (registration?.active) await mend(registration.pushManager);
}

/** The server forgets the address; the browser's own subscription goes, too. */
export async function turnOffPush() {
  await setMeta("push", null);
  await call("DELETE", "/me/push");
  try {
    const registration = await navigator.serviceWorker?.getRegistration();
    await (await registration?.pushManager?.getSubscription())?.unsubscribe();
  } catch {
    // none to be had: there was none to give back
  }
}
