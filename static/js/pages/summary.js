// @ts-check
// What a duty came to, from what this phone and the plan hold: no kilometres, no ranking. And a word for the next crew.
import { lateMin } from "../domain/changes.js";
import { isDone, pausedMs, standing } from "../domain/duty.js";
import { clockTime, dayName, durationWords, unsentWords } from "../domain/words.js";
import { html, Icon } from "../dom.js";
import { language, t } from "../i18n.js";
import { Result } from "./checkin.js";
import { lazy } from "./lazy.js";

const AfterDuty = lazy(() => import("./afterduty.js").then((m) => m.AfterDuty));

/** @param {{view: import("../store.js").View, shift: import("../store.js").Shift, duty: import("../store.js").Duty}} props */
export function Summary({ view, shift, duty }) {
  const lang = language();
  const route = view.kept?.plan.routes.find((r) => r.version_id === shift.route_version_id);
  const required = (route?.checkpoints ?? []).filter((c) => c.required);
  const tries = view.rows.filter((r) => r.kind === "checkin" && r.shift_id === shift.id);
  const doneAt = new Set(tries.filter((r) => isDone(standing(r))).map((r) => r.envelope.body.checkpoint_id));
  const counts = { counted: 0, review: 0, waiting: 0, not_counted: 0, stored: 0, refused: 0 };
  for (const row of tries) counts[standing(row)] += 1;
  const pairs = tries.filter((r) => r.envelope.body.phase === "leave").length;
  const minutes = duty.started_at && duty.ended_at ? (Date.parse(duty.ended_at) - Date.parse(duty.started_at) - pausedMs(view.rows, shift.id)) / 60_000 : null;
  const places = new Map((route?.checkpoints ?? []).map((c) => [c.id, c]));
  const open = tries.filter((r) => ["review", "not_counted", "refused"].includes(standing(r)) && !laterDone(tries, r));
  return html`<section class="card summary" data-name="summary">
    <h2>${t("summary.title")}</h2>
    <p class="soft">${dayName(shift.day, lang)} · ${route?.name ?? shift.team.name}</p>
    ${minutes === null ? null : html`<p class="big">${durationWords(minutes, t)}</p>
      <p class="soft">${clockTime(duty.started_at ?? "", lang)}–${clockTime(duty.ended_at ?? "", lang)} · ${t("summary.claimed")}</p>`}
    <${Judged} view=${view} shift=${shift} duty=${duty} />
    <dl class="facts">
      ${required.length ? html`<div><dt>${t("summary.checkpoints")}</dt><dd>${t("summary.of", { n: required.filter((c) => doneAt.has(c.id)).length, all: required.length })}</dd></div>` : null}
      ${counts.review ? html`<div><dt>${t("standing.review")}</dt><dd>${counts.review}</dd></div>` : null}
      ${counts.waiting ? html`<div><dt>${t("summary.waiting")}</dt><dd>${counts.waiting}</dd></div>` : null}
      ${pairs ? html`<div><dt>${t("summary.hotspots")}</dt><dd>${pairs}</dd></div>` : null}
      ${view.gaps.length ? html`<div><dt>${t("summary.gaps")}</dt><dd>${view.gaps.length}</dd></div>` : null}
    </dl>
    <p class="state"><${Icon} name=${view.mine.count ? "wait" : "done"} />${unsentWords(view.mine, Date.now(), t)}</p>
    ${open.map((r) => html`<${Result} row=${r} checkpoint=${places.get(r.envelope.body.checkpoint_id)} policy=${view.kept?.plan.policy} />`)}
    <p class="soft">${t("summary.thanks")}</p>
    <a class="button wide plain" href="#/me">${t("summary.to_hours")}</a>
  </section>
  <${AfterDuty} view=${view} shift=${shift} duty=${duty} />`;
}

/** What the server made of it: minutes that count, points that wait for approval. @param {any} props */
function Judged({ view, shift, duty }) {
  const known = shift.duty && (shift.duty.state === "ended" || shift.duty.state === "attended") ? shift.duty : null;
  const late = duty.started_at ? lateMin(shift.starts_at, Date.parse(duty.started_at)) : 0;
  const isLate = late > (view.kept?.plan.policy.late_after_min ?? 15);
  return html`${known
    ? html`<p data-name="judged" data-minutes=${known.minutes} data-points=${known.points_pending}>${t("summary.judged", { time: durationWords(known.minutes ?? 0, t), n: known.points_pending ?? 0 })}</p>
      <p class="soft small">${t("summary.pending_why")}</p>`
    : html`<p class="soft" data-name="judged-later">${t("summary.judged_later")}</p>`}
    ${known?.with_crew ? html`<p class="state"><${Icon} name="done" />${t("summary.with_crew")}</p>` : null}
    ${known?.flags?.includes("crew_code_wrong") ? html`<p class="soft">${t("summary.code_wrong")}</p>` : null}
    ${isLate ? html`<p class="soft">${t("summary.late", { time: durationWords(late, t) })}</p>` : null}`;
}

/** @param {import("../store.js").OutboxRow[]} tries @param {import("../store.js").OutboxRow} row */
function laterDone(tries, row) {
  const id = row.envelope.body.checkpoint_id;
  return standing(row) !== "review" && id && tries.some((r) => r.envelope.body.checkpoint_id === id && isDone(standing(r)));
}
