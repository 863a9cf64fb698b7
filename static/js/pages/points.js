// @ts-check
// My points of a month, every line in words: what it is for, by which rules, what a cap took, whether it is settled.
// What was last fetched is shown without a connection, too.
import { useEffect, useState } from "preact/hooks";
import { lineWords, monthsBack, numberWords, takenBackWords, versionWords } from "../domain/statement.js";
import { clockTime, dayName, dayOf } from "../domain/words.js";
import { html, Icon } from "../dom.js";
import { language, t } from "../i18n.js";
import { onChange } from "../offline/db.js";
import { fetchPoints, readPoints } from "../offline/plan.js";
import { now } from "../store.js";
import { Empty } from "./pieces.js";

const MONTHS = 12;

/** @param {{view: import("../store.js").View}} props */
export function Points({ view }) {
  const id = view.session.person?.id ?? -1;
  const months = monthsBack(dayOf(now()).slice(0, 7), MONTHS);
  const [month, setMonth] = useState(months[0]);
  const { found, state } = usePoints(id, month);
  return html`<section class="hours" data-name="points" data-state=${state}>
    <label class="field"><span>${t("statement.month")}</span>
      <select data-name="month" value=${month} onChange=${(/** @type {any} */ e) => setMonth(e.currentTarget.value)}>
        ${months.map((m) => html`<option value=${m}>${m}</option>`)}</select></label>
    ${found ? html`<${Statement} found=${found} isAway=${state === "away"} />` : html`<${Nothing} state=${state} />`}
    <a class="button wide plain" href="#/me">${t("statement.back")}</a>
  </section>`;
}

/**
 * A month as the phone keeps it, and whether it has been asked for anew: "asking", "fresh", or "away" without an answer.
 * @param {number} id
 * @param {string} month
 */
function usePoints(id, month) {
  const [kept, setKept] = useState({ month, found: /** @type {any} */ (null) });
  const [state, setState] = useState("asking");
  useEffect(() => {
    let gone = false;
    const read = async () => {
      const found = await readPoints(id, month);
      if (!gone) setKept({ month, found });
    };
    const ask = async () => {
      const isFresh = await fetchPoints(id, month);
      if (!gone) setState(isFresh ? "fresh" : "away");
    };
    setState("asking");
    read();
    ask();
    const off = onChange((what) => {
      if (what === "hours") read();
    });
    window.addEventListener("online", ask);
    return () => {
      gone = true;
      off();
      window.removeEventListener("online", ask);
    };
  }, [id, month]);
  return { found: kept.month === month ? kept.found : null, state };
}

/** Nothing is kept of the month: either it is being asked for, or there is no connection. @param {{state: string}} props */
function Nothing({ state }) {
  if (state !== "away") return html`<p role="status">${t("app.opening")}</p>`;
  return html`<div role="status" data-name="not-fetched"><${Empty} words=${t("statement.offline")} /></div>`;
}

/** @param {{found: any, isAway: boolean}} props */
function Statement({ found, isAway }) {
  const lang = language();
  const days = [...new Set(found.lines.map((/** @type {any} */ l) => l.day))].reverse(); // the latest first, as the duties
  const at = `${dayName(dayOf(found.got_at), lang)} ${clockTime(new Date(found.got_at).toISOString(), lang)}`;
  return html`${isAway ? html`<p class="notice wait" role="status" data-name="points-kept"><${Icon} name="wait" /><span>${t("statement.kept")}</span></p>` : null}
    <div class="card two"><p><span class="big" data-name="approved">${numberWords(found.approved)}</span><span class="soft">${t("statement.approved")}</span></p>
      <p><span class="big" data-name="pending">${numberWords(found.pending)}</span><span class="soft">${t("statement.pending")}</span></p></div>
    <p><strong data-name="sum">${t("statement.sum", { points: numberWords(found.points) })}</strong></p>
    <p class="soft small">${t("statement.how")} <span data-name="fetched">${t("statement.fetched", { at })}</span></p>
    ${days.length === 0 ? html`<p>${t("statement.none")}</p>` : days.map((day) => html`<section class="duty-hours"><h3>${dayName(day, lang)}</h3>
      ${found.lines.filter((/** @type {any} */ l) => l.day === day).map((/** @type {any} */ line) => html`<${Line} line=${line} />`)}</section>`)}
    <${Others} lines=${found.cut} name="cut" /><${Others} lines=${found.taken_back ?? []} name="taken_back" />`;
}

/** Lines that count nothing, and why. @param {{lines: any[], name: "cut"|"taken_back"}} props */
function Others({ lines, name }) {
  if (!lines.length) return null;
  return html`<section class="duty-hours" data-name=${name}><h3>${t(`statement.${name}`)}</h3>
    ${lines.map((l) => html`<p>${dayName(l.day, language())} · ${(name === "cut" ? lineWords : takenBackWords)(l, t).join(" ")}</p>`)}</section>`;
}

/** A line opens in words. @param {{line: any}} props */
function Line({ line }) {
  const lang = language();
  const [first, ...more] = lineWords(line, t);
  const at = line.settles_at;
  const settled = !at ? "" : now() < Date.parse(at)
    ? t("says.open_until", { day: dayName(dayOf(Date.parse(at)), lang), time: clockTime(at, lang) }) : t("says.settled");
  return html`<details class="list" data-name="line"><summary><span class="line-name">${first}</span></summary>
    ${more.map((words) => html`<p>${words}</p>`)}
    ${line.booked_in ? html`<p>${t("says.booked_in", { month: line.booked_in })}</p>` : null}
    <p class="soft small">${[versionWords(line, t), settled].filter(Boolean).join(" · ")}</p></details>`;
}
