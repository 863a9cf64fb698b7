// @ts-check
// My reports and what became of each: waiting here, not taken (with the way to change it), new, passed on, closed.
import { useEffect, useState } from "preact/hooks";
import { standing } from "../domain/duty.js";
import { clockTime, dayName, dayOf, reasonWords } from "../domain/words.js";
import { html, Icon } from "../dom.js";
import { language, t } from "../i18n.js";
import { onChange } from "../offline/db.js";
import { fetchReports, readReports } from "../reporting.js";

/** @typedef {import("../store.js").View} View */

/** @param {{view: View}} props */
export function Mine({ view }) {
  const me = view.session.person?.id ?? -1;
  const [there, setThere] = useState(/** @type {any[]} */ ([]));
  useEffect(() => {
    const read = () => readReports(me).then(setThere, () => {});
    read();
    fetchReports(me);
    return onChange((what) => {
      if (what === "reports") read();
      if (what === "report") fetchReports(me);
    });
  }, [me]);
  const here = view.rows.filter((r) => r.kind === "report" && r.envelope.body.category !== "nothing").reverse();
  const known = new Set(here.map((r) => r.id));
  const lines = [
    ...here.map((row) => ({ row, doc: there.find((d) => d.id === row.id) ?? null })),
    ...there.filter((d) => !known.has(d.id)).map((doc) => ({ row: null, doc })),
  ].slice(0, 12);
  if (!lines.length) return null;
  return html`<section data-name="my-reports"><h2>${t("report.mine")}</h2><ul class="plain-list">
    ${lines.map(({ row, doc }) => html`<${Line} row=${row} doc=${doc} key=${row?.id ?? doc.id} />`)}</ul></section>`;
}

/** @param {{row: import("../store.js").OutboxRow|null, doc: any}} props */
function Line({ row, doc }) {
  const said = row?.envelope.body ?? doc;
  const at = row?.envelope.device_at ?? doc.reported_at;
  const [state, icon, words] = stateOf(row, doc);
  const reasons = state === "refused" ? reasonWords(row?.receipt?.reasons, t) : "";
  return html`<li class="line" data-name="my-report" data-state=${state}><${Icon} name=${icon} />
    <span class="line-name">${t(`category.${said.category}`)}${said.phrase ? ` · ${t(`report.phrase.${said.phrase}`)}` : ""}
      <span class="soft small">${whenWords(at)}</span>
      ${reasons ? html`<span class="small">${reasons}</span>` : null}
      ${state === "refused" ? html`<a class="quiet" href=${`#/report?part=again&id=${row?.id}`} data-name="edit-report">${t("report.again")}</a>` : null}</span>
    <span class="small">${words}</span></li>`;
}

/** @param {import("../store.js").OutboxRow|null} row @param {any} doc @returns {[string, "wait"|"need"|"done", string]} */
function stateOf(row, doc) {
  const stands = row ? standing(row) : "stored";
  if (stands === "waiting") return ["waiting", "wait", t("standing.waiting")];
  if (stands === "refused") return ["refused", "need", t("standing.refused")];
  if (!doc) return ["sent", "done", t("standing.stored")];
  if (doc.state === "passed_on") return ["passed_on", "wait", t("report.passed_on", { office: t(`report.office.${doc.passed_to}`) })];
  if (doc.state === "closed") return ["closed", "done", t(`report.closing.${doc.closing}`)];
  return [doc.state, "wait", t(`report.state.${doc.state}`)];
}

/** @param {string} at */
function whenWords(at) {
  const day = dayOf(at);
  const time = clockTime(at, language());
  return day === dayOf(Date.now()) ? time : `${dayName(day, language())} ${time}`;
}
