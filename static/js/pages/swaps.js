// @ts-check
// I cannot come; a colleague cannot; I am away for some days. Everything is kept on this phone first and sent when it can be.
import { useState } from "preact/hooks";
import { sayIt } from "../actions.js";
import { calls, hasDeclined, leaveProblem, mayAsk, myAsk, myLeave, WHY, WHY_LEAVE } from "../domain/swaps.js";
import { clockTime, dayName, dayOf } from "../domain/words.js";
import { go, html, Icon, routeParams } from "../dom.js";
import { language, t } from "../i18n.js";
import { now } from "../store.js";
import { Empty } from "./pieces.js";
import { useTold } from "./told.js";

/**
 * @typedef {import("../store.js").View} View
 * @typedef {import("../store.js").Shift} Shift
 */

/** @param {{view: View}} props */
export function Swaps({ view }) {
  if (!view.kept) return html`<${Empty} words=${t("today.no_plan")} more=${t("today.no_plan_more")} />`;
  const params = routeParams();
  const shift = view.kept.plan.shifts.find((s) => s.id === Number(params.get("shift")));
  if (shift) return html`<${OneShift} view=${view} shift=${shift} />`;
  if (params.has("leave")) return html`<${AskLeave} view=${view} />`;
  return html`<${Calls} view=${view} /><${Mine} view=${view} /><${Leaves} view=${view} />`;
}

/** @param {Shift} shift @param {View} view */
function shiftWords(shift, view) {
  const lang = language();
  const route = view.kept?.plan.routes.find((r) => r.version_id === shift.route_version_id);
  return `${dayName(shift.day, lang)} ${clockTime(shift.starts_at, lang)}–${clockTime(shift.ends_at, lang)} ${route?.name ?? shift.team.name}`;
}

/** Whether what was said has left the phone. @param {{waiting: boolean, state: string, subject: string}} props */
function State({ waiting, state, subject }) {
  const done = state === "confirmed" || state === "approved";
  const icon = state === "refused" || state === "closed" ? "need" : done ? "done" : "wait";
  return html`<p class="state" data-state=${state}><${Icon} name=${icon} />${t(waiting ? "swap.waits" : `${subject}.state.${state}`)}</p>`;
}

// --- what colleagues ask --------------------------------------------------------------------------

/** @param {{view: View}} props */
function Calls({ view }) {
  const me = view.session.person?.id ?? -1;
  const list = calls(view.kept?.plan.shifts ?? [], view.rows, me, view.kept?.got_at ?? 0);
  return html`<section class="stack" data-name="calls"><h2>${t("swap.calls")}</h2>
    ${list.length ? list.map((call) => html`<${Call} key=${call.id} call=${call} view=${view} />`) : html`<p class="soft">${t("swap.no_calls")}</p>`}</section>`;
}

/** @param {{call: import("../domain/swaps.js").Call, view: View}} props */
function Call({ call, view }) {
  const [told, tell] = useTold();
  const open = call.state === "asked" || call.state === "offered";
  const ending = call.taken_by_me ? "mine" : call.state === "confirmed" ? "other" : "none";
  return html`<article class="card" data-name="call" data-ask=${call.id} data-offered=${call.offered}>
    <p><strong>${call.name}</strong> ${t(call.to_me ? "swap.asks_you" : "swap.asks_team")}</p>
    <p>${shiftWords(call.shift, view)}</p>
    ${!open
      ? html`<p class="state"><${Icon} name=${call.taken_by_me ? "done" : "need"} />${t(`swap.ended.${ending}`)}</p>`
      : call.offered
        ? html`<p class="state"><${Icon} name="wait" />${t(call.waiting ? "swap.waits" : "swap.you_offered")}</p>
          <button type="button" class="button wide plain" data-name="offer-back" onClick=${() => tell(() => sayIt("swap.withdraw", { ask_id: call.id }))}>${t("swap.offer_back")}</button>`
        : html`<p class="soft">${t("swap.offer_why")}</p>
          <button type="button" class="button wide main" data-name="offer" onClick=${() => tell(() => sayIt("swap.offer", { ask_id: call.id }))}>${t("swap.offer")}</button>`}
    <p class="trouble" role="alert">${told}</p></article>`;
}

// --- mine -----------------------------------------------------------------------------------------

/** @param {{view: View}} props */
function Mine({ view }) {
  const me = view.session.person?.id ?? -1;
  const planAt = view.kept?.got_at ?? 0;
  const shifts = (view.kept?.plan.shifts ?? []).filter((s) => Date.parse(s.ends_at) > now());
  const asked = shifts.map((shift) => ({ shift, ask: myAsk(shift, view.rows, me, planAt, view.kept?.plan.colleagues ?? []) })).filter((x) => x.ask);
  const free = shifts.filter((s) => mayAsk(s, now()) && !asked.some((x) => x.shift.id === s.id) && !hasDeclined(view.rows, s.id, planAt));
  return html`<section class="stack" data-name="my-swaps"><h2>${t("swap.mine")}</h2>
    ${asked.map(({ shift, ask }) => html`<article class="card" key=${ask?.id}><p>${shiftWords(shift, view)}</p><${Ask} ask=${ask} /></article>`)}
    ${free.length
      ? html`<ul class="plain-list">${free.map((s) => html`<li><a class="line" href=${`#/swaps?shift=${s.id}`} data-name="ask-for"><span class="line-name">${shiftWords(s, view)}</span><span class="small">${t("today.cannot_come")}</span></a></li>`)}</ul>`
      : html`<p class="soft">${t("swap.nothing_to_ask")}</p>`}</section>`;
}

/** What became of my asking. @param {{ask: any}} props */
function Ask({ ask }) {
  const [told, tell] = useTold();
  const open = ask.state === "asked" || ask.state === "offered";
  return html`<div class="stack" data-name="my-ask" data-ask=${ask.id}>
    <${State} waiting=${ask.waiting} state=${ask.state} subject="swap" />
    <p class="soft">${ask.to ? t("swap.to_one", { name: ask.to }) : t("swap.to_team")}</p>
    ${ask.offers.length ? html`<p>${t("swap.offered_by", { names: ask.offers.map((/** @type {any} */ o) => o.name).join(t("app.comma")) })}</p>` : null}
    ${ask.taken_by ? html`<p>${t("swap.taken_by", { name: ask.taken_by })}</p>` : null}
    ${ask.why ? html`<p>${t(`swap.refusal.${ask.why}`)}</p>` : null}
    ${open ? html`<p class="soft small">${t("swap.still_yours")}</p>
      <button type="button" class="button wide plain" data-name="ask-back" onClick=${() => tell(() => sayIt("swap.withdraw", { ask_id: ask.id }))}>${t("swap.back")}</button>` : null}
    <p class="trouble" role="alert">${told}</p></div>`;
}

/** One shift of mine: ask for a swap, or say that I do not come. @param {{view: View, shift: Shift}} props */
function OneShift({ view, shift }) {
  const [told, tell] = useTold();
  const [to, setTo] = useState("team");
  const [why, setWhy] = useState("");
  const [declining, setDeclining] = useState(false);
  const me = view.session.person?.id ?? -1;
  const planAt = view.kept?.got_at ?? 0;
  const colleagues = view.kept?.plan.colleagues ?? [];
  const ask = myAsk(shift, view.rows, me, planAt, colleagues);
  const declined = hasDeclined(view.rows, shift.id, planAt);
  const others = colleagues.filter((c) => c.team_id === shift.team.id && !shift.crew.some((m) => m.person_id === c.id));
  const back = html`<a class="button wide plain" href="#/swaps">${t("swap.all")}</a>`;
  if (declined) return html`<section class="card"><p>${shiftWords(shift, view)}</p><p class="state"><${Icon} name="done" />${t("swap.declined")}</p></section>${back}`;
  if (ask) return html`<section class="card"><p>${shiftWords(shift, view)}</p><${Ask} ask=${ask} /></section>${back}`;
  if (!mayAsk(shift, now())) return html`<section class="card"><p>${shiftWords(shift, view)}</p><p>${t("swap.too_late")}</p></section>${back}`;
  const body = { shift_id: shift.id, phrase: why };
  const send = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    tell(() => sayIt("swap.ask", to === "team" ? body : { ...body, to_person_id: Number(to) }));
  };
  return html`<form class="card" data-name="ask-swap" onSubmit=${send}>
    <p><strong>${shiftWords(shift, view)}</strong></p>
    <fieldset class="phrases"><legend>${t("swap.why")}</legend>
      ${WHY.map((code) => html`<label class=${`phrase ${why === code ? "is-chosen" : ""}`}><input type="radio" name="why" value=${code} checked=${why === code} onChange=${() => setWhy(code)} />
        <span>${t(`swap.why.${code}`)}</span></label>`)}</fieldset>
    <p class="soft small">${t("swap.why_who")}</p>
    <label class="field"><span>${t("swap.whom")}</span>
      <select name="to" value=${to} onChange=${(/** @type {any} */ e) => setTo(e.currentTarget.value)}>
        <option value="team">${t("swap.whole_team")}</option>
        ${others.map((c) => html`<option value=${String(c.id)}>${c.name}</option>`)}</select></label>
    <button class="button wide main" data-name="ask-send" disabled=${!why}>${t("swap.ask")}</button>
    <p class="soft small">${t("swap.still_yours")}</p>
    ${declining
      ? html`<div class="ask" role="group"><p class="ask-text">${t("swap.decline_question")}</p><div class="row">
          <button type="button" class="button need" data-name="decline-yes" onClick=${() => tell(() => sayIt("decline", body))}>${t("swap.decline_yes")}</button>
          <button type="button" class="button plain" onClick=${() => setDeclining(false)}>${t("app.back")}</button></div></div>`
      : html`<button type="button" class="button wide plain" data-name="decline" disabled=${!why} onClick=${() => setDeclining(true)}>${t("swap.decline")}</button>`}
    <p class="trouble" role="alert">${told}</p></form>${back}`;
}

// --- leave ----------------------------------------------------------------------------------------

/** @param {{view: View}} props */
function Leaves({ view }) {
  const [told, tell] = useTold();
  const lang = language();
  const list = myLeave(view.kept?.plan.leave ?? [], view.rows, view.kept?.got_at ?? 0);
  return html`<section class="stack" data-name="leaves"><h2>${t("leave.title")}</h2>
    ${list.map((one) => html`<article class="card" key=${one.id} data-name="leave"><p><strong>${dayName(one.from_on, lang)}${one.to_on === one.from_on ? "" : ` – ${dayName(one.to_on, lang)}`}</strong></p>
      <p class="soft">${t(`leave.why.${one.phrase}`)}</p>
      <${State} waiting=${one.waiting && one.state !== "withdrawn"} state=${one.state} subject="leave" />
      ${one.why ? html`<p>${t(`leave.refusal.${one.why}`)}</p>` : null}
      ${one.state === "asked" || one.state === "approved" ? html`<button type="button" class="button wide plain" data-name="leave-back" onClick=${() => tell(() => sayIt("leave.withdraw", { leave_id: one.id }))}>${t("leave.back")}</button>` : null}</article>`)}
    <p class="trouble" role="alert">${told}</p>
    <a class="button wide plain" href="#/swaps?leave=new" data-name="leave-new">${t("leave.ask")}</a></section>`;
}

/** @param {{view: View}} _props */
function AskLeave(_props) {
  const [told, tell] = useTold();
  const today = dayOf(now());
  const [from, setFrom] = useState(today);
  const [to, setTo] = useState(today);
  const [why, setWhy] = useState("");
  const problem = leaveProblem(from, to, today);
  const send = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (await tell(() => sayIt("leave.ask", { from_on: from, to_on: to, phrase: why }))) go("#/swaps");
  };
  const day = (/** @type {string} */ name, /** @type {string} */ value, /** @type {(v: string) => void} */ set) => html`<label class="field"><span>${t(`leave.${name}`)}</span>
    <input type="date" name=${name} value=${value} min=${today} onInput=${(/** @type {any} */ e) => set(e.currentTarget.value)} /></label>`;
  return html`<form class="card" data-name="ask-leave" onSubmit=${send}>
    <p>${t("leave.words")}</p>
    ${day("from", from, setFrom)}${day("to", to, setTo)}
    <fieldset class="phrases"><legend>${t("swap.why")}</legend>
      ${WHY_LEAVE.map((code) => html`<label class=${`phrase ${why === code ? "is-chosen" : ""}`}><input type="radio" name="why" value=${code} checked=${why === code} onChange=${() => setWhy(code)} />
        <span>${t(`leave.why.${code}`)}</span></label>`)}</fieldset>
    <p class="trouble" role="alert">${told || (problem && why ? t(problem) : "")}</p>
    <button class="button wide main" data-name="leave-send" disabled=${!why || !!problem}>${t("leave.send")}</button>
    <a class="button wide plain" href="#/swaps">${t("app.back")}</a></form>`;
}
