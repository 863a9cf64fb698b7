// @ts-check
// Times, counts and sentences. Every function takes the translator `t`, so that tests need no catalogue.

/** @typedef {(code: string, values?: Record<string, string|number>) => string} T */

const CHINA = "Asia/Shanghai";
let areaZone = CHINA;

/** Times are shown in the area's zone, so that phone and desk say the same. @param {string|null|undefined} zone */
export function showTimesIn(zone) {
  areaZone = zone || areaZone;
}

/** @type {Map<string, Intl.DateTimeFormat>} making one takes a slow phone longer than all that it will ever format */
const formats = new Map();

/** @param {string} locale @param {Intl.DateTimeFormatOptions} options */
function formatOf(locale, options) {
  const key = `${locale} ${JSON.stringify(options)}`;
  const found = formats.get(key) ?? new Intl.DateTimeFormat(locale, options);
  formats.set(key, found);
  return found;
}

/**
 * A time in China, reckoned without the browser's table of zones, whose first use takes a slow phone 0.1 s: eight hours
 * ahead everywhere, no summer time since 1991 (tz database, Asia/Shanghai).
 * @param {string|number} at @returns {string} "2026-11-24T19:05:00.000Z", the letters after the seconds meaning nothing
 */
function chinaTime(at) {
  return new Date(new Date(at).getTime() + 8 * 3_600_000).toISOString();
}

/** The day in the area's zone, "2026-11-24". @param {string|number} at */
export function dayOf(at) {
  return areaZone === CHINA ? chinaTime(at).slice(0, 10) : formatOf("sv-SE", { timeZone: areaZone }).format(new Date(at));
}

/** "19:05" in every language here. @param {string|number} at @param {string} lang @param {string} [zone] */
export function clockTime(at, lang, zone = areaZone) {
  if (zone === CHINA) return chinaTime(at).slice(11, 16);
  const options = /** @type {const} */ ({ hour: "2-digit", minute: "2-digit", hour12: false, timeZone: zone });
  return formatOf(lang === "en" ? "en-GB" : "zh-CN", options).format(new Date(at));
}

/** @param {string} day "2026-11-24" @param {string} lang */
export function dayName(day, lang) {
  const month = lang === "en" ? "short" : "long";
  const options = /** @type {const} */ ({ month, day: "numeric", weekday: "short", timeZone: "UTC" });
  return formatOf(lang === "en" ? "en-GB" : "zh-CN", options).format(new Date(`${day}T12:00:00Z`));
}

/** @param {number} ms @param {T} t @returns {string} "2 h ago", "40 min ago", "just now" */
export function ageWords(ms, t) {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) return t("age.now");
  if (minutes < 60) return t("age.minutes", { n: minutes });
  if (minutes < 48 * 60) return t("age.hours", { n: Math.floor(minutes / 60) });
  return t("age.days", { n: Math.floor(minutes / 1440) });
}

/** @param {number} minutes @param {T} t */
export function durationWords(minutes, t) {
  const whole = Math.max(0, Math.round(minutes));
  if (whole < 60) return t("duration.minutes", { n: whole });
  return whole % 60 === 0
    ? t("duration.hours", { n: whole / 60 })
    : t("duration.hours_minutes", { h: Math.floor(whole / 60), m: whole % 60 });
}

/** @param {number} metres @param {T} t */
export function metreWords(metres, t) {
  if (metres < 1000) return t("metres.m", { n: Math.round(metres) });
  return t("metres.km", { n: (metres / 1000).toFixed(1) });
}

/** @param {{count: number, oldestAt: number|null}} unsent @param {number} now @param {T} t */
export function unsentWords(unsent, now, t) {
  if (unsent.count === 0) return t("sent.all");
  return t("sent.waiting", { n: unsent.count, age: ageWords(now - (unsent.oldestAt ?? now), t) });
}

/**
 * The reasons of a verdict as sentences; a code that this release has no words for is shown as it is.
 * @param {string[]|undefined} reasons @param {T} t
 * @returns {string} "" when there are none
 */
export function reasonWords(reasons, t) {
  const sentences = (reasons ?? []).map((code) => {
    const words = t(`reasons.${code}`);
    return words === `reasons.${code}` ? code : words;
  });
  return sentences.join(sentences.some((s) => s.endsWith("\u3002")) ? "" : " "); // full stops of Chinese need no space
}
