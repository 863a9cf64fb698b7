// @ts-check
// Mine: hours and points with the rule behind each line, stars, and a calm list of where everything else is.
import { useEffect, useState } from "preact/hooks";
import { starsFor } from "../domain/stars.js";
import { clockTime, dayName, dayOf, durationWords } from "../domain/words.js";
import { html, Icon } from "../dom.js";
import { hasWords, language, t } from "../i18n.js";
import { onChange } from "../offline/db.js";
import { fetchHours, readHours } from "../offline/plan.js";
import { signOut } from "../offline/session.js";
import { now, reload } from "../store.js";
import { MyNotices } from "./notice.js";
import { Empty } from "./pieces.js";

const ENTRIES = /** @type {const} */ ([
  ["redeem", "star"], ["data", "data"], ["devices", "device"], ["settings", "gear"], ["calendar", "today"], ["swaps", "swap"],
  ["loggers", "recorder"], ["cases", "done"], ["pin", "key"], ["help", "help"],
]);

/** @param {{view: import("../store.js").View}} props */
export function Me({ view }) {
  const person = view.session.person;
  return html`
    <p class="who"><strong>${person?.name}</strong>
      <span class="soft">${(view.kept?.plan.teams ?? []).map((x) => x.name).join(t("app.comma"))}</span></p>
    <${Hours} view=${view} />
    <${MyNotices} />
    <nav class="entries" aria-label=${t("me.more")}><ul>
      ${ENTRIES.map(([name, icon]) => html`<li><a class="entry" href=${`#/${name}`} data-name=${`to-${name}`}><${Icon} name=${icon} />
        <span class="line-name">${t(`nav.${name}`)}<span class="soft small">${t(`me.entry.${name}`)}</span></span><${Icon} name="next" /></a></li>`)}
    </ul></nav>
    <${Leave} view=${view} />`;
}

/** @param {{view: import("../store.js").View}} props */
function Hours({ view }) {
  const id = view.session.person?.id ?? -1;
  const thisMonth = monthOf(now());
  const [month, setMonth] = useState(thisMonth);
  const [hours, setHours] = useState(/** @type {any} */ (null));
  const [latest, setLatest] = useState(/** @type {number|null} */ (null));
  useEffect(() => {
    let gone = false;
    const read = async () => {
      const [chosen, newest] = await Promise.all([readHours(id, month), readHours(id, thisMonth)]);
      if (gone) return;
      setHours(chosen);
      setLatest(newest?.verified_minutes ?? null);
    };
    read();
    fetchHours(id, month);
    const off = onChange((what) => {
      if (what === "hours") read();
    });
    return () => {
      gone = true;
      off();
    };
  }, [id, month]);
  const before = monthOf(Date.parse(`${thisMonth}-15T00:00:00Z`) - 31 * 86_400_000);
  return html`<section class="hours" data-name="hours">
    <div class="row choices" role="group" aria-label=${t("me.month")}>
      ${[thisMonth, before].map((m) => html`<button type="button" class=${`button small ${m === month ? "is-chosen" : "plain"}`} aria-pressed=${m === month}
        onClick=${() => {
          setHours(null);
          setMonth(m);
        }}>${t(m === thisMonth ? "me.this_month" : "me.last_month")}</button>`)}</div>
    ${hours === null ? html`<${Empty} words=${t("me.no_hours")} more=${t("me.no_hours_more")} />` : html`
      <div class="card two"><p><span class="big">${durationWords(hours.minutes ?? 0, t)}</span><span class="soft">${t("me.hours")}</span></p>
        <p><span class="big">${hours.points_pending ?? 0}</span><span class="soft">${t("me.points_pending")}</span></p></div>
      <a class="button wide plain" href="#/points" data-name="to-points">${t("statement.to")}</a>
      <${Duties} hours=${hours} /><${Beside} lines=${hours.beside ?? []} />`}
    ${latest === null ? null : html`<${Stars} minutes=${latest} />`}
  </section>`;
}

/** @param {{hours: any}} props */
function Duties({ hours }) {
  const duties = hours.duties ?? [];
  return html`<details class="list" data-name="duties"><summary>${t("me.each_duty", { n: duties.length })}</summary>
    <p class="soft small">${t("me.points_why")}</p>
    ${duties.length === 0 ? html`<p>${t("me.no_duties")}</p>` : duties.map((/** @type {any} */ d) => html`<${DutyHours} duty=${d} />`)}</details>`;
}

/** What was earned or lost beside a duty. @param {{lines: any[]}} props */
function Beside({ lines }) {
  if (!lines.length) return null;
  return html`<details class="list" data-name="beside"><summary>${t("me.beside", { n: lines.length })}</summary>
    <ul class="plain-list">${lines.map((l) => html`<li class="line"><span class="line-name">${ruleWords(l)} <span class="soft small">${dayName(l.day, language())}</span></span>
      <span class="points">${l.points > 0 ? "+" : ""}${l.points}</span></li>`)}</ul></details>`;
}

/** @param {{duty: any}} props */
function DutyHours({ duty }) {
  const lang = language();
  const team = typeof duty.team === "string" ? duty.team : duty.team?.name;
  const from = duty.started_at ?? duty.starts_at;
  const to = duty.ended_at ?? duty.ends_at;
  const facts = [
    team, duty.checkpoints ? t("me.checkpoints", { n: duty.checkpoints.counted, all: duty.checkpoints.required }) : "",
    duty.visits ? t("me.visits", { n: duty.visits }) : "", duty.grade ? t(`grade.${duty.grade}`) : "",
  ];
  return html`<section class="duty-hours"><h3>${dayName(duty.day, lang)} ${clockTime(from, lang)}–${clockTime(to, lang)}</h3>
    <p class="soft small">${durationWords(duty.minutes ?? 0, t)} · ${facts.filter(Boolean).join(" · ")}</p>
    <ul class="plain-list">${(duty.lines ?? []).map((/** @type {any} */ l) => html`<li class="line"><span class="line-name">${ruleWords(l)}</span>
      <span class="points">${l.points > 0 ? "+" : ""}${l.points}</span></li>`)}
      <li class="line"><span class="line-name"><strong>${t("me.duty_sum")}</strong></span><span class="points">${t("me.points_n", { n: sum(duty.lines) })}</span></li></ul>
    ${duty.is_void ? html`<p class="state need"><${Icon} name="need" />${t("me.void")}</p>` : null}
    ${settlesWords(duty.lines ?? [], lang)}
    ${duty.duty_id ? html`<a class="button wide plain" href=${`#/playback?duty=${duty.duty_id}`} data-name="to-playback">${t("playback.mine")}</a>` : null}</section>`;
}

/**
 * Whether what others' phones say may still change a duty's points.
 * @param {{settles_at?: string|null}[]} lines
 * @param {string} lang
 */
function settlesWords(lines, lang) {
  const at = lines.map((l) => l.settles_at).filter(Boolean).sort().pop();
  if (!at) return null;
  const isOpen = now() < Date.parse(at);
  const words = isOpen ? t("me.open_until", { day: dayName(dayOf(Date.parse(at)), lang), time: clockTime(at, lang) }) : t("me.settled");
  return html`<p class="soft small" data-name=${isOpen ? "points-open" : "points-settled"}>${words}</p>`;
}

/** @param {{rule: string, detail?: any}} line */
function ruleWords({ rule, detail }) {
  const name = hasWords(`rule.${rule}`) ? t(`rule.${rule}`) : rule;
  const more = detail && typeof detail === "object" ? detail : {};
  const code = `rule.${rule}.detail`;
  if (hasWords(code) && Object.keys(more).length) return html`${name} <span class="soft small">${t(code, more)}</span>`;
  return typeof detail === "string" && detail ? html`${name} <span class="soft small">${detail}</span>` : name;
}

/** @param {{minutes: number}} props */
function Stars({ minutes }) {
  const { stars, hours, next, left } = starsFor(minutes);
  return html`<section class="card stars" data-name="stars" data-stars=${stars}>
    <p class="star-row" role="img" aria-label=${t("stars.n", { n: stars })}>
      ${[1, 2, 3, 4, 5].map((n) => html`<span class=${n <= stars ? "star is-won" : "star"}><${Icon} name="star" /></span>`)}</p>
    <p>${t("stars.hours", { n: hours })}</p>
    <p class="soft small">${next === null ? t("stars.all") : t("stars.left", { n: left, next })} ${t("stars.honour")}</p></section>`;
}

/** @param {{points: number}[]|undefined} lines */
function sum(lines) {
  return (lines ?? []).reduce((total, l) => total + l.points, 0);
}

/** @param {number} at */
function monthOf(at) {
  return dayOf(at).slice(0, 7);
}

/** @param {{view: import("../store.js").View}} props */
function Leave({ view }) {
  const [asking, setAsking] = useState(false);
  const on = view.duty?.state === "on" || view.duty?.state === "paused";
  if (!asking) return html`<button type="button" class="button wide plain" data-name="sign-out" onClick=${() => setAsking(true)}>${t("leave.do")}</button>`;
  return html`<div class="ask" role="group"><p class="ask-text">${[
    on ? t("leave.on_duty") : "", view.mine.count ? t("leave.unsent", { n: view.mine.count }) : "", t("leave.question"),
  ].filter(Boolean).join(language() === "en" ? " " : "")}</p>
    <div class="row"><button type="button" class="button need" data-name="sign-out-yes" onClick=${() => signOut().then(reload)}>${t("leave.yes")}</button>
    <button type="button" class="button plain" onClick=${() => setAsking(false)}>${t("app.back")}</button></div></div>`;
}
