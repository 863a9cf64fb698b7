// @ts-check
// Flags about me and what became of them; a ranking in my team, where the team and I said yes. Parts of "My data".
import { useEffect, useState } from "preact/hooks";
import { call } from "../api.js";
import { givenBy, holds } from "../domain/consent.js";
import { dayName, dayOf } from "../domain/words.js";
import { html, Icon } from "../dom.js";
import { hasWords, language, t } from "../i18n.js";
import { fetchMe, readMe, readWishes, wish } from "../offline/me.js";
import { Empty } from "./pieces.js";

/**
 * @typedef {{kind: string, month: string, figures: Record<string, number>, state: string, reason: string|null, note: string|null,
 *   first_seen_at: string, decided_at: string|null}} Flag
 * @typedef {{team_id: number, team: string, state: "off"|"few"|"shown", measure: string,
 *   entries: {rank: number, name: string, value: number, mine: boolean}[]}} TeamRanking
 */

export function Noticed() {
  const [flags, setFlags] = useState(/** @type {Flag[]|null} */ (null));
  const [trouble, setTrouble] = useState("");
  useEffect(() => {
    call("GET", "/me/flags").then((reply) => {
      if (reply.status === 200 && Array.isArray(reply.json?.flags)) setFlags(reply.json.flags);
      else setTrouble(t("data.no_signal"));
    });
  }, []);
  return html`<section class="consents" data-name="noticed"><p class="soft">${t("fairness.noticed.intro")}</p>
    <p class="trouble" role="alert">${trouble}</p>
    ${flags === null ? (trouble ? null : html`<p role="status" class="soft">${t("data.fetching")}</p>`)
      : flags.length === 0 ? html`<${Empty} words=${t("fairness.noticed.none")} />`
      : flags.map((one) => html`<${Line} flag=${one} />`)}</section>`;
}

/** @param {{flag: Flag}} props */
function Line({ flag }) {
  const isOpen = flag.state === "open";
  const kind = `fairness.kind.${flag.kind}`;
  return html`<article class="card" data-name="flag" data-kind=${flag.kind} data-state=${flag.state}>
    <h2>${hasWords(kind) ? t(kind) : t("fairness.noticed")}</h2>
    ${hasWords(kind) ? html`<p>${t(`fairness.seen.${flag.kind}`, flag.figures)}</p><p class="soft">${t(`fairness.innocent.${flag.kind}`)}</p>` : null}
    <p><${Icon} name=${isOpen ? "wait" : "done"} />${isOpen ? t("fairness.noticed.open") : becameWords(flag)}</p>
    ${flag.note ? html`<p><q>${flag.note}</q></p>` : null}
    <p class="soft small">${dayName(dayOf(flag.decided_at ?? flag.first_seen_at), language())}</p></article>`;
}

/** @param {Flag} flag */
function becameWords(flag) {
  const reason = `fairness.reason.${flag.reason}`;
  const state = t(flag.state === "passed_on" ? "fairness.state.passed_on" : "fairness.state.explained");
  return hasWords(reason) ? [state, t(reason)].join(language() === "en" ? ": " : "：") : state;
}

// --- a ranking, by choice -------------------------------------------------------------------------

/** @param {{view: import("../store.js").View}} props */
export function Ranking({ view }) {
  const id = view.session.person?.id ?? -1;
  const [shown, setShown] = useState(/** @type {boolean|null} */ (null));
  const [teams, setTeams] = useState(/** @type {TeamRanking[]|null} */ (null));
  const [said, setSaid] = useState("");
  const [trouble, setTrouble] = useState("");
  const fetchTeams = async () => {
    const reply = await call("GET", "/me/team/ranking");
    const came = reply.status === 200 && Array.isArray(reply.json?.teams);
    if (came) setTeams(reply.json.teams);
    setTrouble(came ? "" : t("data.no_signal"));
  };
  const read = async () => {
    const [doc, wishes] = await Promise.all([readMe(id), readWishes(id)]);
    setShown(holds(wishes.ranking, givenBy(doc?.consents?.find((c) => c.purpose === "ranking")), doc?.got_at ?? 0));
  };
  useEffect(() => {
    read();
    fetchMe(id).then(read);
    fetchTeams();
  }, [id]);
  const choose = async (/** @type {boolean} */ given) => {
    setShown(given);
    setTeams(null); // what was fetched before a no still names me; without a signal nothing is better than that
    const became = await wish(id, "ranking", given);
    setSaid([t(given ? "fairness.ranking.said_yes" : "fairness.ranking.said_no"), became === "sent" ? "" : t(`consent.${became}`)].filter(Boolean)
      .join(language() === "en" ? " " : ""));
    await read();
    await fetchTeams();
  };
  return html`<section class="consents" data-name="ranking">
    <fieldset class="card consent" data-name="ranking-choice" data-given=${String(shown)}><legend>${t("fairness.ranking.me")}</legend>
      <p class="small">${t("fairness.ranking.why")}</p>
      <div class="row">${[true, false].map((given) => html`<button type="button" class=${`button plain ${shown === given ? "is-chosen" : ""}`} aria-pressed=${shown === given}
        data-name=${given ? "ranked-yes" : "ranked-no"} onClick=${() => choose(given)}>${shown === given ? html`<${Icon} name="done" />` : null}${t(given ? "fairness.ranking.yes" : "fairness.ranking.no")}</button>`)}</div>
    </fieldset>
    <p role="status" class="state">${said}</p><p class="trouble" role="alert">${trouble}</p>
    ${teams === null ? (trouble ? null : html`<p role="status" class="soft">${t("data.fetching")}</p>`)
      : teams.length === 0 ? html`<${Empty} words=${t("fairness.ranking.no_team")} />`
      : teams.map((one) => html`<${Team} team=${one} />`)}</section>`;
}

/** @param {{team: TeamRanking}} props */
function Team({ team }) {
  return html`<section class="card" data-name="team-ranking" data-state=${team.state}><h2>${team.team}</h2>
    ${team.state === "shown" ? html`<p class="soft small">${t(`fairness.measure.${team.measure}`)}</p><ol class="plain-list">
      ${team.entries.map((e) => html`<li class="line"><span class="points">${e.rank}</span>
        <span class="line-name">${e.mine ? html`<strong>${e.name} · ${t("fairness.ranking.mine")}</strong>` : e.name}</span><span class="points">${e.value}</span></li>`)}</ol>`
      : html`<p>${t(team.state === "off" ? "fairness.ranking.is_off" : "fairness.ranking.too_few")}</p>`}</section>`;
}
