// @ts-check
// Which browser this is, and whether the page can be put on the home screen from here.

/** @typedef {"wechat"|"huawei"|"harmony"|"miui"|"samsung"|"ios"|"ios_other"|"android"|"desktop"} Browser */

/** The ways to install that are shown, the most frequent first. */
export const WAYS = /** @type {Browser[]} */ (["android", "huawei", "harmony", "miui", "samsung", "ios", "wechat", "desktop"]);

/** @param {string} agent what the browser calls itself @returns {Browser} */
export function browserOf(agent) {
  if (/MicroMessenger/i.test(agent)) return "wechat";
  if (/iPhone|iPad|iPod/.test(agent)) return /CriOS|FxiOS|EdgiOS|MQQBrowser|UCBrowser|baidu/i.test(agent) ? "ios_other" : "ios";
  if (/ArkWeb|OpenHarmony/.test(agent)) return "harmony";
  if (/HuaweiBrowser|HUAWEI Browser/i.test(agent)) return "huawei";
  if (/MiuiBrowser/i.test(agent)) return "miui";
  if (/SamsungBrowser/i.test(agent)) return "samsung";
  return /Android/.test(agent) ? "android" : "desktop";
}

export function isWeChat() {
  return browserOf(navigator.userAgent) === "wechat";
}

/** Opened from the home screen, without the browser's own bars. */
export function isInstalled() {
  return matchMedia("(display-mode: standalone)").matches || /** @type {any} */ (navigator).standalone === true;
}

/** @type {any} the browser's own question, kept until somebody wants it */
let question = null;
/** @type {Set<() => void>} */
const waiting = new Set();

/** Must run early: the browser offers it once, soon after the page has loaded. */
export function listenForInstall() {
  window.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    question = event;
    for (const tell of waiting) tell();
  });
  window.addEventListener("appinstalled", () => {
    question = null;
    for (const tell of waiting) tell();
  });
}

export function canAsk() {
  return question !== null;
}

/** @param {() => void} tell @returns {() => void} */
export function onInstallChange(tell) {
  waiting.add(tell);
  return () => waiting.delete(tell);
}

/** @returns {Promise<boolean>} whether it was accepted */
export async function askToInstall() {
  if (!question) return false;
  const asked = question;
  question = null; // a browser takes one question once
  await asked.prompt();
  const { outcome } = await asked.userChoice;
  for (const tell of waiting) tell();
  return outcome === "accepted";
}
