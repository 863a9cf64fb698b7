// @ts-check
// Today: my shift with everything that one asks before going out, what has changed, and the next seven days.
import { tapDuty } from "../actions.js";
import { lateMin } from "../domain/changes.js";
import { byStart, isLive } from "../domain/duty.js";
import { clockTime, dayName, durationWords } from "../domain/words.js";
import { go, HoldButton, html, Icon } from "../dom.js";
import { hasWords, language, t } from "../i18n.js";
import { dutyFor, now } from "../store.js";
import { AskTracks } from "./asktracks.js";
import { Empty, PlanAge } from "./pieces.js";
import { lookAt, useSeen } from "./seen.js";
import { useTold } from "./told.js";

/**
 * @typedef {import("../store.js").View} View
 * @typedef {import("../store.js").Shift} Shift
 */

/** @param {{view: View}} props */
export function Today({ view }) {
  const seen = useSeen(view);
  if (!view.kept) return html`<${Empty} words=${t("today.no_plan")} more=${t("today.no_plan_more")} />`;
  const { shift, duty } = view;
  if (!shift && view.kept.plan.teams.length === 0) return html`<${NoTeam} />`;
  const rest = view.kept.plan.shifts
    .filter((s) => s.mine && s.id !== shift?.id && Date.parse(s.ends_at) > now())
    .sort(byStart);
  return html`
    ${shift && duty ? html`<${ShiftCard} shift=${shift} duty=${duty} view=${view} changed=${seen(shift)} />` : html`<${Empty} words=${t("today.nothing")} more=${t("today.nothing_more")} />`}
    <${AskTracks} view=${view} />
    <${Ways} view=${view} />
    <section class="next"><h2>${t("today.next")}</h2>
      ${rest.length === 0 ? html`<p class="soft">${t("today.no_more")}</p>` : html`<ul class="days">${rest.map((s) => html`<${Line} shift=${s} view=${view} changed=${seen(s)} />`)}</ul>`}
      <${PlanAge} view=${view} />
    </section>`;
}

/** Nothing to go out for; what was earned before stays theirs. */
function NoTeam() {
  return html`<section class="card empty" data-name="no-team"><p>${t("today.no_team")}</p><p class="soft">${t("today.no_team_more")}</p>
    <a class="button wide plain" href="#/me">${t("nav.me")}</a></section>`;
}

/** Colleagues who ask, and the way to swaps, leave, and another crew. @param {{view: View}} props */
function Ways({ view }) {
  const me = view.session.person?.id;
  const shifts = view.kept?.plan.shifts ?? [];
  const asked = shifts.flatMap((s) => s.swaps ?? []).filter((s) => s.person_id !== me && ["asked", "offered"].includes(s.state) && s.offers.length === 0).length;
  const live = view.duty && isLive(view.duty);
  return html`<nav class="ways" aria-label=${t("today.ways")}>
    <a class="button wide plain" href="#/swaps" data-name="to-swaps">${t("today.to_swaps")}${asked ? html` <strong class="count">${t("today.asked", { n: asked })}</strong>` : null}</a>
    ${live ? null : html`<a class="button wide plain" href="#/crew" data-name="to-join">${t("today.to_join")}</a>`}
  </nav>`;
}

/** @param {{shift: Shift, duty: import("../store.js").Duty, view: View, changed: any}} props */
function ShiftCard({ shift, duty, view, changed }) {
  const [told, tell] = useTold();
  const others = shift.crew.filter((c) => c.person_id !== view.session.person?.id).map((c) => c.name);
  const route = view.kept?.plan.routes.find((r) => r.version_id === shift.route_version_id);
  const lang = language();
  return html`<section class="card duty" data-name="duty-card" data-shift=${shift.id} data-state=${duty.state}>
    <p class="when"><span class="soft">${dayName(shift.day, lang)}</span>
      <strong>${clockTime(shift.starts_at, lang)}–${clockTime(shift.ends_at, lang)}</strong></p>
    <${Changed} changed=${changed} shift=${shift} view=${view} />
    <dl class="facts">
      ${route ? html`<div><dt>${t("today.where")}</dt><dd>${route.name}</dd></div>` : null}
      <div><dt>${t("today.with")}</dt><dd>${others.length ? others.join(t("app.comma")) : t("today.alone")}</dd></div>
      ${shift.meeting_place ? html`<div><dt>${t("today.meeting")}</dt><dd>${shift.meeting_place}</dd></div>` : null}
      ${shift.bonus ? html`<div><dt>${t("today.bonus")}</dt><dd>${t("today.bonus_n", { n: shift.bonus })}</dd></div>` : null}
      <div><dt>${t("today.team")}</dt><dd>${shift.team.name}</dd></div>
    </dl>
    <${Handover} shift=${shift} />
    ${shift.status === "cancelled" ? html`<p class="state need"><${Icon} name="need" />${t("today.cancelled")}</p>` : null}
    ${isLive(duty)
      ? html`<p class="state"><${Icon} name="done" />${t(duty.state === "paused" ? "today.paused" : "today.on", { time: clockTime(duty.started_at ?? shift.starts_at, lang) })}</p>
          <button type="button" class="button wide main" data-name="to-patrol" onClick=${() => go("#/patrol")}>${t("today.to_patrol")}</button>
          <a class="button wide plain" href=${`#/crew?shift=${shift.id}`} data-name="to-crew">${t(shift.crew_secret ? "today.crew_show" : "today.crew")}</a>`
      : duty.state === "ended"
        ? html`<p class="state"><${Icon} name="done" />${t("today.ended", { time: clockTime(duty.ended_at ?? shift.ends_at, lang) })}</p>
            <a class="button wide plain" href="#/patrol">${t("today.summary")}</a>`
        : shift.status === "cancelled"
          ? null
          : html`<${Before} shift=${shift} view=${view} />
            <${HoldButton} name="start" label=${t("today.start")} question=${t("today.start_question")} yes=${t("today.start_yes")}
              onDone=${() => tell(async () => {
                await tapDuty(shift, "duty.start");
                go("#/patrol");
              })} />
            <a class="button wide plain" href=${`#/crew?shift=${shift.id}`} data-name="to-crew">${t("today.start_crew")}</a>
            <p class="soft small">${t("today.start_why")}</p>
            ${now() < Date.parse(shift.starts_at) ? html`<a class="quiet" href=${`#/swaps?shift=${shift.id}`} data-name="cannot-come">${t("today.cannot_come")}</a>` : null}`}
    <p class="trouble" role="alert">${told}</p>
  </section>`;
}

/** Too early, or late: said kindly, before the start. @param {{shift: Shift, view: View}} props */
function Before({ shift, view }) {
  const early = Date.parse(shift.starts_at) - now();
  if (early > 15 * 60_000) {
    return html`<p class="soft">${t("today.early", { time: clockTime(Date.parse(shift.starts_at) - 15 * 60_000, language()) })}</p>`;
  }
  const late = lateMin(shift.starts_at, now());
  if (late <= (view.kept?.plan.policy.late_after_min ?? 15)) return null;
  return html`<p class="soft" data-name="late">${t("today.late", { time: durationWords(late, t) })}</p>`;
}

/** What is otherwise, in words, until the member has looked. @param {{changed: any, shift: Shift, view: View}} props */
function Changed({ changed: { changes, seen }, shift, view }) {
  if (!changes.length || !seen) return null;
  const lang = language();
  const routeName = (/** @type {number|null} */ id) => view.kept?.plan.routes.find((r) => r.version_id === id)?.name ?? t("changed.no_route");
  const words = (/** @type {string} */ what) => {
    if (what === "time") {
      return t("changed.time", {
        before: `${clockTime(seen.starts_at, lang)}–${clockTime(seen.ends_at, lang)}`,
        now: `${clockTime(shift.starts_at, lang)}–${clockTime(shift.ends_at, lang)}`,
      });
    }
    if (what === "place") return t("changed.place", { before: seen.meeting_place || t("changed.no_place"), now: shift.meeting_place || t("changed.no_place") });
    if (what === "route") return t("changed.route", { now: routeName(shift.route_version_id) });
    return t(`changed.${what}`);
  };
  return html`<div class="changed" data-name="changed" data-what=${changes.join(" ")}>
    <p class="state"><${Icon} name="need" />${t("changed.title")}</p>
    <ul class="words">${changes.map((/** @type {string} */ what) => html`<li>${words(what)}</li>`)}</ul>
    <button type="button" class="button wide plain" data-name="changed-seen" onClick=${() => lookAt(view, shift.id)}>${t("changed.seen")}</button>
  </div>`;
}

/** What the crew before left to know. @param {{shift: Shift}} props */
function Handover({ shift }) {
  const note = shift.handover;
  if (!note) return null;
  const code = `handover.${note.phrase}`;
  return html`<div class="handover" data-name="handover-note"><p class="soft small">${t("handover.from", { team: note.by_team, time: clockTime(note.at, language()) })}</p>
    <p><strong>${hasWords(code) ? t(code) : note.phrase}</strong>${note.text ? html` ${note.text}` : null}</p></div>`;
}

/** @param {{shift: Shift, view: View, changed: any}} props */
function Line({ shift, view, changed }) {
  const lang = language();
  const route = view.kept?.plan.routes.find((r) => r.version_id === shift.route_version_id);
  const state = shift.status === "cancelled" ? t("today.cancelled_short") : dutyFor(shift).state === "ended" ? t("today.ended_short") : "";
  const others = shift.crew.filter((c) => c.person_id !== view.session.person?.id).map((c) => c.name).join(t("app.comma"));
  return html`<li class=${shift.status === "cancelled" ? "is-cancelled" : ""} data-shift=${shift.id}>
    <span class="day">${dayName(shift.day, lang)}</span>
    <span class="time">${clockTime(shift.starts_at, lang)}–${clockTime(shift.ends_at, lang)}</span>
    <span class="what">${[route?.name, shift.meeting_place, shift.bonus ? t("today.bonus_n", { n: shift.bonus }) : "", others].filter(Boolean).join(" · ")}${state ? html` <em>${state}</em>` : null}</span>
    <${Changed} changed=${changed} shift=${shift} view=${view} />
    ${shift.status === "cancelled" ? null : html`<a class="what quiet" href=${`#/swaps?shift=${shift.id}`}>${t("today.cannot_come")}<span class="spoken"> ${dayName(shift.day, lang)}</span></a>`}
  </li>`;
}
