// @ts-check
// The sheet of checkpoints: where to go next, one wide button, what became of it, what is left.
import { useEffect, useState } from "preact/hooks";
import { checkIn } from "../actions.js";
import { firstWay, readScan } from "../domain/codes.js";
import { isDone, standing } from "../domain/duty.js";
import { closeness, directionWord, distanceM, nextCheckpoint } from "../domain/geo.js";
import { accuracyWord, verdictWords } from "../domain/verdict.js";
import { clockTime, metreWords } from "../domain/words.js";
import { go, html, Icon } from "../dom.js";
import { hasWords, language, t } from "../i18n.js";
import { hasTags, listenForTag } from "../nfc.js";
import { buzz, chime } from "../senses.js";
import { current } from "../store.js";
import { AskTracks } from "./asktracks.js";
import { lazy } from "./lazy.js";
import { useTold } from "./told.js";

const Contest = lazy(() => import("./contest.js").then((m) => m.Contest));

/**
 * @typedef {import("../domain/duty.js").Checkpoint} Checkpoint
 * @typedef {{id: number|null, method: "code"|"nfc", code: string, auto: boolean}} Brought a code to check in with; `id`
 *   is the checkpoint it says it is of, `auto`: the camera has just seen it
 * @typedef {{view: import("../store.js").View, shift: import("../store.js").Shift, route: import("../domain/duty.js").Route,
 *   standings: Map<number, import("../domain/duty.js").Standing>, chosen: number|null, choose: (id: number|null) => void,
 *   brought: Brought|null, use: () => void}} Props
 */

const STAY_MS = 8_000; // after a tap the place stays in view, so that a second tap cannot hit the next one

/** @param {Props} props */
export function Checkpoints({ view, shift, route, standings, chosen, choose, brought, use }) {
  const [stay, setStay] = useState(/** @type {number|null} */ (null));
  useEffect(() => {
    if (stay === null) return;
    const timer = setTimeout(() => setStay(null), STAY_MS);
    return () => clearTimeout(timer);
  }, [stay]);

  const here = view.position ? /** @type {[number, number]} */ ([view.position.lon, view.position.lat]) : null;
  const left = route.checkpoints.filter((c) => !isDone(standings.get(c.id)));
  const byId = (/** @type {number|null} */ id) => route.checkpoints.find((c) => c.id === id) ?? null;
  const target = byId(stay) ?? byId(chosen) ?? nextCheckpoint(left, here, route.ordered);
  const known = brought && byId(brought.id);
  const done = async (/** @type {number} */ id) => {
    setStay(id);
    choose(null);
    use();
  };
  return html`
    <section class="target" aria-label=${t("patrol.next")}>
      ${brought && !known && brought.id !== null ? html`<p class="state need" role="alert" data-name="code-elsewhere">${t("checkin.code_elsewhere")}</p>` : null}
      ${target
        ? html`<${Target} key=${target.id} view=${view} shift=${shift} checkpoint=${target} here=${here} standing=${standings.get(target.id)}
            brought=${brought && (!known || known.id === target.id) ? brought : null} drop=${use}
            staying=${stay === target.id} onDone=${() => done(target.id)} onNext=${() => {
              setStay(null);
              choose(null);
            }} more=${left.some((c) => c.id !== target.id)} />`
        : html`<p class="all-done"><${Icon} name="done" />${t("patrol.all_done")}</p>`}
    </section>
    <${AskTracks} view=${view} />
    <${Dots} route=${route} standings=${standings} target=${target} choose=${(/** @type {number} */ id) => {
      setStay(null);
      choose(id);
    }} />
    <${List} route=${route} standings=${standings} here=${here} choose=${(/** @type {number} */ id) => {
      setStay(null);
      choose(id);
      document.getElementById("main")?.scrollIntoView();
    }} />`;
}

/** @param {any} props */
function Target({ view, shift, checkpoint, here, standing: stands, staying, brought, drop, onDone, onNext, more }) {
  const [told, tell] = useTold();
  const [asking, setAsking] = useState(/** @type {{how?: any}|null} */ (null));
  const [busy, setBusy] = useState(false);
  const policy = view.kept.plan.policy;
  const metres = here ? distanceM(here, checkpoint.position) : null;
  const reach = here ? closeness(metres ?? 0, view.position.accuracy_m, checkpoint.radius_m, policy) : null;
  const row = lastTry(view.rows, shift.id, checkpoint.id);
  const paused = view.duty?.state === "paused";

  const save = async (/** @type {any} */ how) => {
    setAsking(null);
    setBusy(true);
    if (await tell(() => checkIn(shift, { checkpoint_id: checkpoint.id }, "here", how))) onDone();
    setBusy(false);
  };
  const tap = (/** @type {any} */ how = undefined) => {
    if (busy || paused) return;
    if (reach !== "far" && reach !== "vague") return save(how);
    buzz([60, 60, 60]); // felt and heard otherwise than "saved"
    chime("bad");
    setAsking({ how });
  };
  const withCode = brought && { method: brought.method, code: brought.code };
  useEffect(() => {
    if (brought?.auto && !isDone(stands)) tap(withCode);
  }, [brought]);

  const showsResult = row && (staying || isDone(stands)) && !brought;
  return html`
    <p class="target-name"><span class="number">${checkpoint.seq}</span> ${checkpoint.name}
      ${checkpoint.window ? html`<span class="soft small">${checkpoint.window.from}–${checkpoint.window.to}</span>` : null}</p>
    <p class="target-where">${metres === null
      ? t("patrol.where_unknown", { radius: checkpoint.radius_m })
      : t(reach === "near" ? "patrol.where_near" : "patrol.where", {
          distance: metreWords(metres, t), direction: t(`direction.${directionWord(here, checkpoint.position)}`), radius: checkpoint.radius_m,
        })}</p>
    ${here && !showsResult ? html`<${Accuracy} accuracy=${view.position.accuracy_m} policy=${policy} />` : null}
    ${showsResult
      ? html`<${Result} row=${row} checkpoint=${checkpoint} policy=${policy} />
          ${stands === "not_counted" || stands === "refused" ? html`<button type="button" class="button wide main" disabled=${busy || paused} onClick=${() => tap()}>${t("patrol.again")}</button>` : null}
          ${more ? html`<button type="button" class="button wide plain" onClick=${onNext}>${t("patrol.to_next")}</button>` : null}`
      : asking
        ? html`<div class="ask" role="group" data-name="ask" data-reach=${reach}>
            <p class="ask-text">${reach === "vague"
              ? t("patrol.ask_vague", { accuracy: Math.round(view.position.accuracy_m), most: policy.max_accuracy_m })
              : t("patrol.ask_far", { name: checkpoint.name, distance: metreWords(metres ?? 0, t), radius: checkpoint.radius_m, allowance: policy.accuracy_allowance_m })}</p>
            <div class="row"><button type="button" class="button main" onClick=${() => setAsking(null)}>${t("patrol.ask_closer")}</button>
            <button type="button" class="button plain" data-name="checkin-anyway" onClick=${() => save(asking.how)}>${t("patrol.ask_anyway")}</button></div></div>`
        : html`<${Ways} asked=${checkpoint.method} busy=${busy} paused=${paused} brought=${brought} drop=${drop} tap=${tap} withCode=${withCode} />
          ${row && stands ? html`<${Result} row=${row} checkpoint=${checkpoint} policy=${policy} />` : null}`}
    <p class="trouble" role="alert">${told}</p>`;
}

/** How good the position is, and what would help. @param {{accuracy: number, policy: any}} props */
function Accuracy({ accuracy, policy }) {
  const word = accuracyWord(accuracy, policy);
  return html`<p class=${`small ${word === "good" ? "soft" : "state"}`} data-name="accuracy" data-word=${word}>
    ${word === "good" ? null : html`<${Icon} name=${word === "fair" ? "wait" : "need"} />`}${t(`checkin.accuracy.${word}`, { n: Math.round(accuracy) })}</p>`;
}

/** One wide button for what the checkpoint asks for; what does as well is below it. @param {any} props */
function Ways({ asked, busy, paused, brought, drop, tap, withCode }) {
  const first = firstWay(asked, hasTags());
  const state = busy ? t("patrol.locating") : paused ? t("patrol.paused_checkin") : "";
  if (brought) {
    return html`<button type="button" class="button wide main checkin" data-name="checkin-code" disabled=${busy || paused} onClick=${() => tap(withCode)}>${state || t("checkin.with_code")}</button>
      <button type="button" class="button wide plain" onClick=${drop}>${t("checkin.drop_code")}</button>`;
  }
  const scan = () => go("#/scan?for=checkin");
  if (first === "gps") {
    return html`<button type="button" class="button wide main checkin" data-name="checkin" disabled=${busy || paused} onClick=${() => tap()}>${state || t("patrol.checkin")}</button>
      <button type="button" class="button wide quiet" data-name="scan" disabled=${busy || paused} onClick=${scan}><${Icon} name="scan" />${t("checkin.have_code")}</button>`;
  }
  return html`${first === "nfc"
    ? html`<${Touch} disabled=${busy || paused} words=${state} tap=${tap} />`
    : html`<button type="button" class="button wide main checkin" data-name="scan" disabled=${busy || paused} onClick=${scan}><${Icon} name="scan" />${state || t("checkin.scan")}</button>`}
    <div class="row">${first === "nfc" ? html`<button type="button" class="button plain" data-name="scan" disabled=${busy || paused} onClick=${scan}>${t("checkin.scan")}</button>` : null}
    <button type="button" class="button plain" data-name="checkin" disabled=${busy || paused} onClick=${() => tap()}>${t("checkin.without")}</button></div>`;
}

/** Touch the tag: asked for by a tap, listens until it has read one or is left. @param {{disabled: boolean, words: string, tap: (how: any) => void}} props */
function Touch({ disabled, words, tap }) {
  const [listening, listen] = useState(false);
  const [told, setTold] = useState("");
  useEffect(() => {
    if (!listening) return;
    const leave = new AbortController();
    const heard = (/** @type {string} */ text) => {
      if (readScan(text)?.kind !== "tag") {
        setTold(t("checkin.tag_strange"));
        return chime("bad");
      }
      listen(false);
      tap({ method: "nfc", code: text.trim() });
    };
    listenForTag(heard, leave.signal).catch(() => {
      listen(false);
      setTold(t("checkin.tag_denied"));
    });
    return () => leave.abort();
  }, [listening]);
  return html`<button type="button" class="button wide main checkin" data-name="touch" disabled=${disabled} onClick=${() => {
    setTold("");
    listen(!listening);
  }}>${words || t(listening ? "checkin.touching" : "checkin.touch")}</button><p class="state need" role="status">${told}</p>`;
}

/**
 * Saved → sent → counted, in words, with the three figures; and a way to ask for a second look.
 * @param {{row: import("../store.js").OutboxRow, checkpoint?: Checkpoint|null, policy: any}} props
 */
export function Result({ row, checkpoint, policy }) {
  const stands = standing(row);
  const look = { waiting: "wait", counted: "done", review: "wait", not_counted: "need", stored: "done", refused: "need" }[stands];
  const step = row.state === "queued" || row.state === "sending" ? "patrol.saved" : `standing.${stands}`;
  const { fix, method } = row.envelope.body;
  const figures = checkpoint && fix ? {
    place: checkpoint.name, distance: Math.round(distanceM([fix.lon_e7 / 1e7, fix.lat_e7 / 1e7], checkpoint.position)), radius: checkpoint.radius_m,
    accuracy: fix.accuracy_m, allowance: policy.accuracy_allowance_m, max_accuracy: policy.max_accuracy_m, grace: policy.grace_min,
    age: Math.round(fix.age_ms / 1000),
  } : null;
  const why = verdictWords(row.receipt?.reasons, figures ?? {}, t, hasWords);
  const level = row.receipt?.evidence_level ?? 0;
  return html`<div class=${`result ${look}`} role="status" data-name="result" data-standing=${stands} data-method=${method} data-level=${level}>
    <p class="result-word"><${Icon} name=${look} /><strong>${t(step)}</strong>
      <span class="soft small">${clockTime(row.envelope.device_at, language())}${level >= 2 ? ` · ${t(`checkin.level.${level}`)}` : ""}</span></p>
    ${why.sentences.map((sentence) => html`<p>${sentence}</p>`)}
    ${figures && !why.figured ? html`<p class="small">${t("patrol.figures", { ...figures, name: figures.place, distance: metreWords(figures.distance, t) })}</p>` : null}
    ${stands === "not_counted" || stands === "review" || row.receipt?.reasons?.length ? html`<${Contest} view=${current()} row=${row} />` : null}
    ${checkpoint && level < 4 && stands !== "refused" && stands !== "not_counted" ? html`<${AskMate} row=${row} />` : null}
  </div>`;
}

/** Somebody of the crew who is here too may co-sign. @param {{row: import("../store.js").OutboxRow}} props */
function AskMate({ row }) {
  const { kept, session, duty } = current();
  const crew = kept?.plan.shifts.find((s) => s.id === row.shift_id)?.crew ?? [];
  if (duty?.state !== "on" || !crew.some((c) => c.person_id !== session.person?.id)) return null;
  return html`<a class="button small" href=${`#/cosign?show=${row.id}`} data-name="ask-cosign">${t("cosign.ask")}</a>`;
}

/** @param {any} props */
function Dots({ route, standings, target, choose }) {
  const left = route.checkpoints.filter((/** @type {Checkpoint} */ c) => !isDone(standings.get(c.id))).length;
  return html`<section class="left">
    <h2>${left ? t("patrol.left", { n: left, all: route.checkpoints.length }) : t("patrol.left_none", { all: route.checkpoints.length })}</h2>
    <ol class="dots">${route.checkpoints.map((/** @type {Checkpoint} */ c) => {
      const stands = standings.get(c.id);
      return html`<li><button type="button" class=${`dot ${stands ?? "todo"} ${target?.id === c.id ? "is-target" : ""}`}
        aria-label=${`${c.seq} ${c.name} ${t(stands ? `standing.${stands}` : "standing.todo")}`} onClick=${() => choose(c.id)}>
        <span class="dot-number">${c.seq}</span>${stands ? html`<${Icon} name=${isDone(stands) ? (stands === "counted" || stands === "stored" ? "done" : "wait") : "need"} />` : null}</button></li>`;
    })}</ol></section>`;
}

/** @param {any} props */
function List({ route, standings, here, choose }) {
  const [open, setOpen] = useState(false);
  return html`<details class="list" onToggle=${(/** @type {any} */ e) => setOpen(e.currentTarget.open)}><summary>${t("patrol.list")}</summary>
    ${open ? html`<ul class="plain-list">${route.checkpoints.map((/** @type {Checkpoint} */ c) => {
      const stands = standings.get(c.id);
      return html`<li><button type="button" class="line" onClick=${() => choose(c.id)}>
        <span class="number">${c.seq}</span><span class="line-name">${c.name}${c.required ? "" : html` <span class="soft small">${t("patrol.optional")}</span>`}</span>
        <span class="soft small">${t(stands ? `standing.${stands}` : "standing.todo")}${here ? ` · ${metreWords(distanceM(here, c.position), t)}` : ""}</span></button></li>`;
    })}</ul>` : null}</details>`;
}

/** @param {import("../store.js").OutboxRow[]} rows @param {number} shift @param {number} checkpoint */
function lastTry(rows, shift, checkpoint) {
  const tries = rows.filter((r) => r.kind === "checkin" && r.shift_id === shift && r.envelope.body.checkpoint_id === checkpoint);
  const good = tries.filter((r) => isDone(standing(r)));
  const list = good.length ? good : tries;
  return list[list.length - 1] ?? null;
}
