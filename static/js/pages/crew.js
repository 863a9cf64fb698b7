// @ts-check
// The crew. Its leader shows a code that turns every minute, without signal; others scan or type it; who has no phone is
// ticked. #/crew?shift=7 is a shift of mine, #/crew?code=XC1… comes from the camera, #/crew alone asks which.
import { useEffect, useState } from "preact/hooks";
import { refresh, sayIt, tapDuty, Told } from "../actions.js";
import { crewCode, joinable, lastTick, readCode, secondsLeft, spokenDigits, tickable } from "../domain/crew.js";
import { isLive } from "../domain/duty.js";
import { qrCode, qrPath } from "../domain/qr.js";
import { clockTime, dayName } from "../domain/words.js";
import { go, HoldButton, html, Icon, routeParams } from "../dom.js";
import { language, t } from "../i18n.js";
import { dutyFor, now } from "../store.js";
import { Empty } from "./pieces.js";
import { useTold } from "./told.js";

/**
 * @typedef {import("../store.js").View} View
 * @typedef {import("../store.js").Shift} Shift
 */

/** @param {{view: View}} props */
export function Crew({ view }) {
  const params = routeParams();
  if (!view.kept) return html`<${Empty} words=${t("today.no_plan")} more=${t("today.no_plan_more")} />`;
  const shifts = view.kept.plan.shifts;
  const scanned = params.get("code");
  if (scanned !== null) return html`<${Scanned} view=${view} text=${scanned} />`;
  const live = view.shift && view.duty && isLive(view.duty) ? view.shift : null;
  const shift = shifts.find((s) => s.id === Number(params.get("shift"))) ?? live;
  if (!shift) return html`<${Enter} view=${view} shift=${null} />`;
  return html`
    <${ShiftLine} shift=${shift} view=${view} />
    ${shift.crew_secret && shift.status === "planned" ? html`<${Leading} view=${view} shift=${shift} secret=${shift.crew_secret} />` : html`<${Enter} view=${view} shift=${shift} />`}
    <${Mates} shift=${shift} view=${view} />`;
}

/** @param {{shift: Shift, view: View}} props */
function ShiftLine({ shift, view }) {
  const lang = language();
  const route = view.kept?.plan.routes.find((r) => r.version_id === shift.route_version_id);
  return html`<p class="when"><span>${[dayName(shift.day, lang), route?.name ?? shift.team.name].join(" · ")}</span>
    <strong>${clockTime(shift.starts_at, lang)}–${clockTime(shift.ends_at, lang)}</strong></p>`;
}

// --- the leader -----------------------------------------------------------------------------------

/** @param {{view: View, shift: Shift, secret: string}} props */
function Leading({ view, shift, secret }) {
  const [told, tell] = useTold();
  const duty = dutyFor(shift);
  if (duty.state === "none") {
    return html`<section class="card"><p>${t("crew.lead_first")}</p>
      <${HoldButton} name="crew-start" label=${t("crew.lead_start")} question=${t("today.start_question")} yes=${t("today.start_yes")}
        onDone=${() => tell(() => tapDuty(shift, "duty.start"))} />
      <p class="trouble" role="alert">${told}</p></section>`;
  }
  if (!isLive(duty)) return null;
  return html`<${Shown} shift=${shift} secret=${secret} /><${Ticks} view=${view} shift=${shift} />`;
}

/** The code, drawn and spoken; a new one every minute. @param {{shift: Shift, secret: string}} props */
function Shown({ shift, secret }) {
  const [code, setCode] = useState("");
  const [left, setLeft] = useState(60);
  useEffect(() => {
    let gone = false;
    const turn = async () => {
      const next = await crewCode(secret, shift.id, now());
      if (gone) return;
      setCode(next);
      setLeft(secondsLeft(now()));
    };
    turn();
    const clock = setInterval(turn, 1000);
    return () => {
      gone = true;
      clearInterval(clock);
    };
  }, [shift.id, secret]);
  if (!code) return html`<p class="opening" role="status">${t("app.opening")}</p>`;
  const { size, path } = qrPath(qrCode(code));
  const digits = spokenDigits(code);
  return html`<section class="card center" data-name="crew-code" data-code=${code}>
    <p>${t("crew.show_words")}</p>
    <svg class="qr" viewBox=${`0 0 ${size} ${size}`} role="img" aria-label=${t("crew.qr", { digits: [...digits].join(" ") })} shape-rendering="crispEdges">
      <rect width=${size} height=${size} class="qr-light" /><path d=${path} class="qr-dark" /></svg>
    <p class="digits" data-name="crew-digits">${digits}</p>
    <p class="soft small">${t("crew.left", { n: left })}</p>
  </section>`;
}

/** Those without a phone. @param {{view: View, shift: Shift}} props */
function Ticks({ view, shift }) {
  const [told, tell] = useTold();
  const me = view.session.person?.id ?? -1;
  const before = lastTick(view.rows, shift.id) ?? shift.crew.filter((c) => c.has_phone === false && c.state).map((c) => c.person_id);
  const people = tickable(shift, view.kept?.plan.colleagues ?? [], me, before);
  const [here, setHere] = useState(/** @type {number[]} */ (before));
  const [saved, setSaved] = useState(false);
  if (!people.length) return null;
  const toggle = (/** @type {number} */ id) => {
    setSaved(false);
    setHere(here.includes(id) ? here.filter((x) => x !== id) : [...here, id]);
  };
  const same = JSON.stringify([...here].sort()) === JSON.stringify([...before].sort());
  return html`<section class="card" data-name="ticks"><h2>${t("crew.ticks")}</h2>
    <p class="soft">${t("crew.ticks_words")}</p>
    <div class="phrases one">${people.map((p) => html`<label class=${`phrase ${here.includes(p.id) ? "is-chosen" : ""}`}>
      <input type="checkbox" name="present" value=${p.id} checked=${here.includes(p.id)} onChange=${() => toggle(p.id)} />
      <span>${p.name} <span class="soft small">${t(p.has_phone ? "crew.phone_fails" : "crew.no_phone")}</span></span></label>`)}</div>
    <p class="trouble" role="alert">${told}</p>
    ${saved && same ? html`<p class="state" role="status"><${Icon} name="done" />${t("crew.ticks_saved", { n: here.length })}</p>` : null}
    <button type="button" class="button wide main" data-name="ticks-save" disabled=${same} onClick=${() => tell(async () => {
      await sayIt("crew.tick", { shift_id: shift.id, present: [...here].sort((a, b) => a - b) });
      setSaved(true);
    })}>${t("crew.ticks_save")}</button></section>`;
}

/** Who is here, as far as this phone has heard. @param {{shift: Shift, view: View}} props */
function Mates({ shift, view }) {
  const me = view.session.person?.id;
  const mine = dutyFor(shift).state;
  return html`<section data-name="mates"><h2>${t("crew.mates")}</h2><ul class="plain-list">
    ${shift.crew.map((c) => {
      const state = c.person_id === me ? (mine === "none" ? null : mine) : c.state;
      return html`<li class="line" data-person=${c.person_id} data-state=${state ?? "none"}><span class="line-name">${c.name}${c.planned === false ? html` <span class="soft small">${t("crew.joined")}</span>` : null}</span>
        <span class="small"><${Icon} name=${state ? "done" : "wait"} />${t(`crew.state.${state ?? "none"}`)}</span></li>`;
    })}</ul></section>`;
}

// --- the others -----------------------------------------------------------------------------------

/** Scan or type what the leader shows. @param {{view: View, shift: Shift|null}} props */
function Enter({ view, shift }) {
  const [digits, setDigits] = useState("");
  const [chosen, choose] = useState(/** @type {number|null} */ (null));
  const running = joinable(view.kept?.plan.shifts ?? [], now());
  const mine = running.find((s) => s.mine);
  const target = shift?.id ?? chosen ?? mine?.id ?? (running.length === 1 ? running[0].id : null);
  const found = readCode(digits, target);
  if (shift && dutyFor(shift).state !== "none") return null;
  const enter = (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (found) go(`#/crew?code=${encodeURIComponent(found.code)}`);
  };
  const leading = shift ? [] : running.filter((s) => s.crew_secret);
  return html`${leading.map((s) => html`<a class="button wide plain" href=${`#/crew?shift=${s.id}`} data-name="lead-this">${t("crew.lead_this", { team: s.team.name, time: clockTime(s.starts_at, language()) })}</a>`)}
  <section class="card"><h2>${t("crew.join")}</h2><p>${t("crew.join_words")}</p>
    <a class="button wide main" href="#/scan?for=crew" data-name="crew-scan">${t("crew.scan")}</a>
    <form class="stack" onSubmit=${enter} data-name="crew-enter">
      ${shift || mine || running.length < 2 ? null : html`<fieldset class="phrases one"><legend>${t("crew.which")}</legend>
        ${running.map((s) => html`<label class=${`phrase ${s.id === chosen ? "is-chosen" : ""}`}><input type="radio" name="shift" checked=${s.id === chosen} onChange=${() => choose(s.id)} />
          <span>${s.team.name} ${clockTime(s.starts_at, language())}</span></label>`)}</fieldset>`}
      <label class="field"><span>${t("crew.digits")}</span>
        <input name="digits" inputmode="numeric" autocomplete="off" maxlength="40" value=${digits} onInput=${(/** @type {any} */ e) => setDigits(e.currentTarget.value)} /></label>
      <button class="button wide plain" data-name="crew-typed" disabled=${!found}>${t("crew.typed")}</button>
    </form></section>`;
}

/** A code is in hand: one thing left to do. @param {{view: View, text: string}} props */
function Scanned({ view, text }) {
  const [told, tell] = useTold();
  const found = readCode(text);
  const shift = found && view.kept?.plan.shifts.find((s) => s.id === found.shift_id);
  useEffect(() => {
    if (found && !shift) refresh(); // planned a moment ago, perhaps
  }, [text]);
  if (!found) {
    return html`<section class="card"><p>${t("crew.bad_code")}</p><a class="button wide main" href="#/scan?for=crew">${t("crew.scan")}</a>
      <a class="button wide plain" href="#/crew">${t("crew.type")}</a></section>`;
  }
  if (!shift) return html`<section class="card" data-name="crew-unknown"><p>${t("crew.unknown")}</p><p class="soft">${t("crew.unknown_more")}</p></section>`;
  if (dutyFor(shift).state !== "none") {
    return html`<section class="card"><p class="state"><${Icon} name="done" />${t("crew.already")}</p><a class="button wide main" href="#/patrol">${t("today.to_patrol")}</a></section>`;
  }
  const busy = view.shift && view.shift.id !== shift.id && view.duty && isLive(view.duty);
  const start = async () => {
    if (busy) throw new Told(t("crew.busy"));
    if (shift.status !== "planned") throw new Told(t("today.cancelled"));
    await tapDuty(shift, "duty.start", { crew_code: found.code });
    go("#/patrol");
  };
  return html`<${ShiftLine} shift=${shift} view=${view} />
    <section class="card"><p class="state"><${Icon} name="done" />${t("crew.have_code")}</p>
    ${shift.mine ? null : html`<p>${t("crew.not_planned")}</p>`}
    <${HoldButton} name="join" label=${t("crew.start_with")} question=${t("today.start_question")} yes=${t("today.start_yes")} onDone=${() => tell(start)} />
    <p class="trouble" role="alert">${told}</p></section>`;
}
