// @ts-check
// The words. A code in, a sentence out; the catalogue is JSON made from the .po files and kept by the worker.

/** @type {Record<string, string>} */
let words = {};
let current = "zh";

export const LANGUAGES = /** @type {const} */ (["zh", "en"]);

/** @returns {string} "zh" or "en" */
export function language() {
  return current;
}

/** @returns {string} what was chosen on this phone; Chinese otherwise */
export function chosenLanguage() {
  const cookie = /(?:^|;\s*)lang=(zh|en)\b/.exec(document.cookie);
  return readSetting("lang") ?? cookie?.[1] ?? "zh";
}

/** @param {string} lang */
export async function useLanguage(lang) {
  const wanted = lang === "en" ? "en" : "zh";
  const response = await fetch(`/static/dist/i18n/phone.${wanted}.json`);
  if (!response.ok) throw new Error("no catalogue");
  words = await response.json();
  current = wanted;
  document.documentElement.lang = wanted === "en" ? "en" : "zh-CN";
  document.title = t("app.name");
}

/** @param {string} lang */
export async function chooseLanguage(lang) {
  writeSetting("lang", lang);
  // The server reads it for the words of its answers.
  document.cookie = `lang=${lang}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`;
  await useLanguage(lang);
}

/**
 * @param {string} code
 * @param {Record<string, string|number>} [values]
 * @returns {string}
 */
export function t(code, values = {}) {
  const text = words[code];
  if (typeof text !== "string") return code;
  return text.replace(/%\((\w+)\)s/g, (whole, name) => (name in values ? String(values[name]) : whole)).replace(/%%/g, "%");
}

/** @param {string} code */
export function hasWords(code) {
  return code in words;
}

// --- settings of this phone (no persons in them) ---------------------------------------------------

/** @param {string} name @returns {string|null} */
export function readSetting(name) {
  try {
    return localStorage.getItem(`xunfang.${name}`);
  } catch {
    return null;
  }
}

/** @param {string} name @param {string} value */
export function writeSetting(name, value) {
  try {
    localStorage.setItem(`xunfang.${name}`, value);
  } catch {
    // a browser that keeps no settings: they hold until the page is closed
  }
}

/** The choices of this phone as attributes of <html>, where the style sheets read them. */
export function applyLook(now = new Date()) {
  const { dataset } = document.documentElement;
  const sharp = (readSetting("contrast") ?? "auto") === "more" || matchMedia("(prefers-contrast: more)").matches;
  const theme = themeAt(readSetting("theme") ?? "auto", now.getHours());
  const device = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
  if (theme || sharp) dataset.theme = theme ?? device;
  else delete dataset.theme; // then the style sheet follows the device at once
  if (sharp) dataset.contrast = "more";
  else delete dataset.contrast;
  dataset.text = readSetting("text") ?? "normal";
  dataset.hand = readSetting("hand") ?? "right";
}

/**
 * By itself it is as the phone has it in the day, and dark in the evening and at night.
 * @param {string} chosen @param {number} hour @returns {string|null} null: the device decides
 */
export function themeAt(chosen, hour) {
  if (chosen !== "auto") return chosen;
  return hour >= 19 || hour < 6 ? "dark" : null;
}
