// @ts-check
// My points of a month, every line in words: what it is for, by which rules, what a cap took, whether it is settled.
// What was last fetched is shown without a connection, too.
import { useEffect, useState } from "preact/hooks";
import { lineWords, monthsBack, numberWords, takenBackWords, versionWords } from "../domain/statement.js";
import { clockTime, dayName, dayOf } from "../domain/words.js";
import { html } from "../dom.js";
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
  const [found, setFound] = useState(/** @type {any} */ (null));
  useEffect(() => {
    let gone = false;
    const read = async () => {
      const kept = await readPoints(id, month);
      if (!gone) setFound(kept);
    };
    read();
    fetchPoints(id, month);
    const off = onChange((what) => {
      if (what === "hours") read();
    });
    return () => {
      gone = true;
      off();
    };
  }, [id, month]);
  return html`<section class="hours" data-name="points">
    <label class="field"><span>${t("statement.month")}</span>
      <select data-name="month" value=${month} onChange=${(/** @type {any} */ e) => {
        setFound(null);
        setMonth(e.currentTarget.value);
      }}>${months.map((m) => html`<option value=${m}>${m}</option>`)}</select></label>
    ${found === null ? html`<${Empty} words=${t("statement.offline")} />` : html`<${Statement} found=${found} />`}
    <a class="button wide plain" href="#/me">${t("statement.back")}</a>
  </section>`;
}

/** @param {{found: any}} props */
function Statement({ found }) {
  const lang = language();
  const days = [...new Set(found.lines.map((/** @type {any} */ l) => l.day))].reverse(); // the latest first, as the duties
  return html`<div class="card two"><p><span class="big" data-name="approved">${numberWords(found.approved)}</span><span class="soft">${t("statement.approved")}</span></p>
      <p><span class="big" data-name="pending">${numberWords(found.pending)}</span><span class="soft">${t("statement.pending")}</span></p></div>
    <p><strong data-name="sum">${t("statement.sum", { points: numberWords(found.points) })}</strong></p>
    <p class="soft small">${t("statement.how")} ${t("statement.fetched", { at: `${dayName(dayOf(found.got_at), lang)} ${clockTime(new Date(found.got_at).toISOString(), lang)}` })}</p>
    ${days.length === 0 ? html`<p>${t("statement.none")}</p>` : days.map((day) => html`<section class="duty-hours"><h3>${dayName(day, lang)}</h3>
      ${found.lines.filter((/** @type {any} */ l) => l.day === day).map((/** @type {any} */ line) => html`<${Line} line=${line} />`)}</section>`)}
    ${found.cut.length ? html`<section class="duty-hours" data-name="cut"><h3>${t("statement.cut")}</h3>
      ${found.cut.map((/** @type {any} */ l) => html`<p>${dayName(l.day, lang)} · ${lineWords(l, t).join(" ")}</p>`)}</section>` : null}
    ${found.taken_back?.length ? html`<section class="duty-hours" data-name="taken-back"><h3>${t("statement.taken_back")}</h3>
      ${found.taken_back.map((/** @type {any} */ l) => html`<p>${dayName(l.day, lang)} · ${takenBackWords(l, t).join(" ")}</p>`)}</section>` : null}`;
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
