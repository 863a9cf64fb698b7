// @ts-check
import { tapDuty } from "../actions.js";
import { isLive } from "../domain/duty.js";
import { clockTime, dayName } from "../domain/words.js";
import { go, HoldButton, html, Icon } from "../dom.js";
import { language, t } from "../i18n.js";
import { dutyFor, now } from "../store.js";
import { Empty, PlanAge } from "./pieces.js";
import { useTold } from "./told.js";

/** @param {{view: import("../store.js").View}} props */
export function Today({ view }) {
  if (!view.kept) return html`<${Empty} words=${t("today.no_plan")} more=${t("today.no_plan_more")} />`;
  const { shift, duty } = view;
  const rest = view.kept.plan.shifts
    .filter((s) => s.mine && s.id !== shift?.id && Date.parse(s.ends_at) > now())
    .sort((a, b) => a.starts_at.localeCompare(b.starts_at));
  return html`
    ${shift && duty ? html`<${ShiftCard} shift=${shift} duty=${duty} view=${view} />` : html`<${Empty} words=${t("today.nothing")} more=${t("today.nothing_more")} />`}
    <section class="next"><h2>${t("today.next")}</h2>
      ${rest.length === 0 ? html`<p class="soft">${t("today.no_more")}</p>` : html`<ul class="days">${rest.map((s) => html`<${Line} shift=${s} view=${view} />`)}</ul>`}
      <${PlanAge} view=${view} />
    </section>`;
}

/** @param {{shift: import("../store.js").Shift, duty: import("../store.js").Duty, view: import("../store.js").View}} props */
function ShiftCard({ shift, duty, view }) {
  const [told, tell] = useTold();
  const others = shift.crew.filter((c) => c.person_id !== view.session.person?.id).map((c) => c.name);
  const route = view.kept?.plan.routes.find((r) => r.version_id === shift.route_version_id);
  const early = Date.parse(shift.starts_at) - now();
  const lang = language();
  return html`<section class="card duty" data-name="duty-card" data-shift=${shift.id} data-state=${duty.state}>
    <p class="when"><span class="soft">${dayName(shift.day, lang)}</span>
      <strong>${clockTime(shift.starts_at, lang)}–${clockTime(shift.ends_at, lang)}</strong></p>
    <dl class="facts">
      ${route ? html`<div><dt>${t("today.where")}</dt><dd>${route.name}</dd></div>` : null}
      <div><dt>${t("today.with")}</dt><dd>${others.length ? others.join(t("app.comma")) : t("today.alone")}</dd></div>
      ${shift.meeting_place ? html`<div><dt>${t("today.meeting")}</dt><dd>${shift.meeting_place}</dd></div>` : null}
      <div><dt>${t("today.team")}</dt><dd>${shift.team.name}</dd></div>
    </dl>
    ${shift.status === "cancelled" ? html`<p class="state need"><${Icon} name="need" />${t("today.cancelled")}</p>` : null}
    ${isLive(duty)
      ? html`<p class="state"><${Icon} name="done" />${t(duty.state === "paused" ? "today.paused" : "today.on", { time: clockTime(duty.started_at ?? shift.starts_at, lang) })}</p>
          <button type="button" class="button wide main" data-name="to-patrol" onClick=${() => go("#/patrol")}>${t("today.to_patrol")}</button>`
      : duty.state === "ended"
        ? html`<p class="state"><${Icon} name="done" />${t("today.ended", { time: clockTime(duty.ended_at ?? shift.ends_at, lang) })}</p>
            <a class="button wide plain" href="#/patrol">${t("today.summary")}</a>`
        : shift.status === "cancelled"
          ? null
          : html`${early > 15 * 60_000 ? html`<p class="soft">${t("today.early", { time: clockTime(Date.parse(shift.starts_at) - 15 * 60_000, lang) })}</p>` : null}
            <${HoldButton} name="start" label=${t("today.start")} question=${t("today.start_question")} yes=${t("today.start_yes")}
              onDone=${() => tell(async () => {
                await tapDuty(shift, "duty.start");
                go("#/patrol");
              })} />
            <p class="soft small">${t("today.start_why")}</p>`}
    <p class="trouble" role="alert">${told}</p>
  </section>`;
}

/** @param {{shift: import("../store.js").Shift, view: import("../store.js").View}} props */
function Line({ shift, view }) {
  const lang = language();
  const route = view.kept?.plan.routes.find((r) => r.version_id === shift.route_version_id);
  const state = shift.status === "cancelled" ? t("today.cancelled_short") : dutyFor(shift).state === "ended" ? t("today.ended_short") : "";
  return html`<li class=${shift.status === "cancelled" ? "is-cancelled" : ""}>
    <span class="day">${dayName(shift.day, lang)}</span>
    <span class="time">${clockTime(shift.starts_at, lang)}–${clockTime(shift.ends_at, lang)}</span>
    <span class="what">${[route?.name, shift.meeting_place].filter(Boolean).join(" · ")}${state ? html` <em>${state}</em>` : null}</span>
  </li>`;
}
