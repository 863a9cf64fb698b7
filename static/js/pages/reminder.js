// @ts-check
// "Your shift is over: end your duty?" Heard and felt, and shown outside the page where that is allowed. Not more often
// than every ten minutes.
import { announce } from "../dom.js";
import { buzz, chime } from "../senses.js";

const EVERY_MS = 10 * 60_000;
const TAG = "xunfang-end";
let last = { shift: 0, at: 0 };

/** @param {number} shiftId @param {string} title @param {string} words */
export async function remind(shiftId, title, words) {
  if (last.shift === shiftId && Date.now() - last.at < EVERY_MS) return;
  last = { shift: shiftId, at: Date.now() };
  buzz([200, 100, 200, 100, 400]);
  chime("bad");
  announce(words);
  if (typeof Notification !== "function" || Notification.permission !== "granted") return;
  const registration = await navigator.serviceWorker?.getRegistration();
  await registration?.showNotification(title, { body: words, tag: TAG, data: { url: "/m/#/patrol" } }).catch(() => {});
}
