// @ts-check
// What a worker does with a message: shows it, opens what it is about, and asks for a new address when the browser has ended
// the old one. The phone's worker and the desk's share it.
import { renew } from "./pushing.js";

const URGENT = ["sos", "no_answer", "duress"]; // they stay on the screen until somebody touches them

/** @param {any} worker the worker's global @param {string} home what opens when a message names no page of ours */
export function answerPushes(worker, home) {
  worker.addEventListener("push", (/** @type {any} */ event) => {
    const said = readMessage(event.data);
    event.waitUntil(
      worker.registration.showNotification(said.title || "\u5de1\u9632", {
        body: said.body ?? "", tag: said.id ?? said.kind ?? "xunfang", renotify: true,
        requireInteraction: URGENT.includes(said.kind ?? ""),
        icon: "/static/icons/icon-192.png", badge: "/static/icons/icon-192.png", data: { url: said.url },
      }),
    );
  });

  worker.addEventListener("notificationclick", (/** @type {any} */ event) => {
    event.notification.close();
    event.waitUntil(openAt(worker, pageOf(event.notification.data?.url, worker.location.origin, home)));
  });

  // What fails here is done by the page at its next opening.
  worker.addEventListener("pushsubscriptionchange", (/** @type {any} */ event) => {
    event.waitUntil(renew(worker.registration.pushManager, event.newSubscription).catch(() => false));
  });
}

/** @param {any} data @returns {{kind?: string, id?: string, title?: string, body?: string, url?: string}} */
function readMessage(data) {
  try {
    return data?.json() ?? {};
  } catch {
    return {};
  }
}

/** No message leads to another site. @param {string|undefined} wanted @param {string} origin @param {string} home */
export function pageOf(wanted, origin, home) {
  const at = new URL(wanted ?? home, origin);
  return at.origin === origin ? at.href : new URL(home, origin).href;
}

/** A window of ours that is open there comes forward. @param {any} worker @param {string} url */
async function openAt(worker, url) {
  const windows = await worker.clients.matchAll({ type: "window", includeUncontrolled: true });
  const same = windows.find((/** @type {any} */ w) => new URL(w.url).pathname === new URL(url).pathname);
  if (!same) return worker.clients.openWindow(url);
  await same.focus();
  if (same.url !== url) await same.navigate(url).catch(() => {});
}
