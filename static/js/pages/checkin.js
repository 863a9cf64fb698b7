// @ts-check
// The sheet of checkpoints: where to go next, one wide button, what became of it, what is left.
import { useEffect, useState } from "preact/hooks";
import { checkIn } from "../actions.js";
import { isDone, standing } from "../domain/duty.js";
import { closeness, directionWord, distanceM, nextCheckpoint } from "../domain/geo.js";
import { clockTime, metreWords, reasonWords } from "../domain/words.js";
import { html, Icon } from "../dom.js";
import { language, t } from "../i18n.js";
import { useTold } from "./told.js";

/**
 * @typedef {import("../domain/duty.js").Checkpoint} Checkpoint
 * @typedef {{view: import("../store.js").View, shift: import("../store.js").Shift, route: import("../domain/duty.js").Route,
 *   standings: Map<number, import("../domain/duty.js").Standing>, chosen: number|null, choose: (id: number|null) => void}} Props
 */

const STAY_MS = 8_000; // after a tap the place stays in view, so that a second tap cannot hit the next one

/** @param {Props} props */
export function Checkpoints({ view, shift, route, standings, chosen, choose }) {
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
  const done = async (/** @type {number} */ id) => {
    setStay(id);
    choose(null);
  };
  return html`
    <section class="target" aria-label=${t("patrol.next")}>
      ${target
        ? html`<${Target} key=${target.id} view=${view} shift=${shift} checkpoint=${target} here=${here} standing=${standings.get(target.id)}
            staying=${stay === target.id} onDone=${() => done(target.id)} onNext=${() => {
              setStay(null);
              choose(null);
            }} more=${left.some((c) => c.id !== target.id)} />`
        : html`<p class="all-done"><${Icon} name="done" />${t("patrol.all_done")}</p>`}
    </section>
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
function Target({ view, shift, checkpoint, here, standing: stands, staying, onDone, onNext, more }) {
  const [told, tell] = useTold();
  const [asking, setAsking] = useState(false);
  const [busy, setBusy] = useState(false);
  const policy = view.kept.plan.policy;
  const metres = here ? distanceM(here, checkpoint.position) : null;
  const reach = here ? closeness(metres ?? 0, view.position.accuracy_m, checkpoint.radius_m, policy) : null;
  const row = lastTry(view.rows, shift.id, checkpoint.id);
  const paused = view.duty?.state === "paused";

  const save = async () => {
    setAsking(false);
    setBusy(true);
    if (await tell(() => checkIn(shift, { checkpoint_id: checkpoint.id }, "here"))) onDone();
    setBusy(false);
  };
  const tap = () => (reach === "far" || reach === "vague" ? setAsking(true) : save());

  const showsResult = row && (staying || isDone(stands));
  return html`
    <p class="target-name"><span class="number">${checkpoint.seq}</span> ${checkpoint.name}
      ${checkpoint.window ? html`<span class="soft small">${checkpoint.window.from}–${checkpoint.window.to}</span>` : null}</p>
    <p class="target-where">${metres === null
      ? t("patrol.where_unknown", { radius: checkpoint.radius_m })
      : t(reach === "near" ? "patrol.where_near" : "patrol.where", {
          distance: metreWords(metres, t), direction: t(`direction.${directionWord(here, checkpoint.position)}`), radius: checkpoint.radius_m,
        })}</p>
    ${showsResult
      ? html`<${Result} row=${row} checkpoint=${checkpoint} policy=${policy} />
          ${stands === "not_counted" || stands === "refused" ? html`<button type="button" class="button wide main" disabled=${busy || paused} onClick=${tap}>${t("patrol.again")}</button>` : null}
          ${more ? html`<button type="button" class="button wide plain" onClick=${onNext}>${t("patrol.to_next")}</button>` : null}`
      : asking
        ? html`<div class="ask" role="group">
            <p class="ask-text">${reach === "vague"
              ? t("patrol.ask_vague", { accuracy: Math.round(view.position.accuracy_m), most: policy.max_accuracy_m })
              : t("patrol.ask_far", { name: checkpoint.name, distance: metreWords(metres ?? 0, t), radius: checkpoint.radius_m, allowance: policy.accuracy_allowance_m })}</p>
            <div class="row"><button type="button" class="button main" onClick=${() => setAsking(false)}>${t("patrol.ask_closer")}</button>
            <button type="button" class="button plain" data-name="checkin-anyway" onClick=${save}>${t("patrol.ask_anyway")}</button></div></div>`
        : html`<button type="button" class="button wide main checkin" data-name="checkin" disabled=${busy || paused} onClick=${tap}>
            ${busy ? t("patrol.locating") : paused ? t("patrol.paused_checkin") : t("patrol.checkin")}</button>
          ${row && stands ? html`<${Result} row=${row} checkpoint=${checkpoint} policy=${policy} />` : null}`}
    <p class="trouble" role="alert">${told}</p>`;
}

/**
 * Saved → sent → counted, in words, with the three figures.
 * @param {{row: import("../store.js").OutboxRow, checkpoint?: Checkpoint|null, policy: any}} props
 */
export function Result({ row, checkpoint, policy }) {
  const stands = standing(row);
  const look = { waiting: "wait", counted: "done", review: "wait", not_counted: "need", stored: "done", refused: "need" }[stands];
  const step = row.state === "queued" || row.state === "sending" ? "patrol.saved" : `standing.${stands}`;
  const reasons = reasonWords(row.receipt?.reasons, t);
  const fix = row.envelope.body.fix;
  return html`<div class=${`result ${look}`} role="status" data-name="result" data-standing=${stands}>
    <p class="result-word"><${Icon} name=${look} /><strong>${t(step)}</strong>
      <span class="soft small">${clockTime(row.envelope.device_at, language())}</span></p>
    ${reasons ? html`<p>${reasons}</p>` : null}
    ${checkpoint && fix ? html`<p class="small">${t("patrol.figures", {
      name: checkpoint.name,
      distance: metreWords(distanceM([fix.lon_e7 / 1e7, fix.lat_e7 / 1e7], checkpoint.position), t),
      radius: checkpoint.radius_m,
      accuracy: fix.accuracy_m,
      allowance: policy.accuracy_allowance_m,
    })}</p>` : null}
  </div>`;
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
  return html`<details class="list"><summary>${t("patrol.list")}</summary><ul class="plain-list">
    ${route.checkpoints.map((/** @type {Checkpoint} */ c) => {
      const stands = standings.get(c.id);
      return html`<li><button type="button" class="line" onClick=${() => choose(c.id)}>
        <span class="number">${c.seq}</span><span class="line-name">${c.name}${c.required ? "" : html` <span class="soft small">${t("patrol.optional")}</span>`}</span>
        <span class="soft small">${t(stands ? `standing.${stands}` : "standing.todo")}${here ? ` · ${metreWords(distanceM(here, c.position), t)}` : ""}</span></button></li>`;
    })}</ul></details>`;
}

/** @param {import("../store.js").OutboxRow[]} rows @param {number} shift @param {number} checkpoint */
function lastTry(rows, shift, checkpoint) {
  const tries = rows.filter((r) => r.kind === "checkin" && r.shift_id === shift && r.envelope.body.checkpoint_id === checkpoint);
  const good = tries.filter((r) => isDone(standing(r)));
  const list = good.length ? good : tries;
  return list[list.length - 1] ?? null;
}
