// @ts-check
// The key in the corner of every screen on duty: held for two seconds, or tapped and confirmed; then five seconds to stop
// it. This file is loaded at once and needs no other: what comes after the five seconds is in sos.js.
import { useEffect, useRef, useState } from "preact/hooks";
import { askForSync, sendAlarms } from "../actions.js";
import { HOLD_MS, loneOf, rowOf, secondsLeft, shownAlarm, stepOf } from "../domain/alarm.js";
import { fixOf } from "../domain/claim.js";
import { isLive } from "../domain/duty.js";
import { go, html, Icon } from "../dom.js";
import { t } from "../i18n.js";
import { positionNow } from "../location.js";
import { arm, ripen, stop } from "../offline/alarms.js";
import { buzz } from "../senses.js";
import { current, reload } from "../store.js";
import { lazy } from "./lazy.js";

/** @typedef {import("../store.js").View} View @typedef {import("../domain/alarm.js").Alarm} Alarm */

const Lone = lazy(() => import("./sosnews.js").then((m) => m.Lone));
const Mates = lazy(() => import("./sosnews.js").then((m) => m.Mates));

/** @param {string} name of a sound in sos.js; without it the screen says it all */
function sound(name) {
  import("../sos.js").then((m) => m.sound(name)).catch(() => {});
}

/** @param {{view: View, name?: string}} props */
export function SosKey({ view, name }) {
  const alarm = shownAlarm(view.alarms, view.rows);
  const step = alarm && stepOf(alarm, rowOf(alarm, view.rows));
  const live = !!view.duty && isLive(view.duty);
  const lone = useLone(view);
  const mates = view.alarms.filter((a) => "mate" in a && !a.closed);
  const strangers = view.others.filter((o) => o.sos);
  useEffect(() => {
    document.documentElement.toggleAttribute("data-sos", live);
  }, [live]);
  useEffect(() => {
    if (alarm && step !== "armed") go("#/sos"); // a call that waits is the first thing seen after a restart
  }, [alarm?.id]);
  return html`
    ${alarm && step === "armed" ? html`<${Countdown} key=${alarm.id} alarm=${alarm} />` : null}
    ${live && step !== "armed" ? html`<${Key} view=${view} busy=${!!alarm && !alarm.drill} />` : null}
    <div class="notices sos-notices">
      ${alarm && step !== "armed" && name !== "sos" ? html`<a class=${`notice ${step === "waiting" ? "need" : "wait"}`} href="#/sos" data-name="sos-bar" data-step=${step}>
        <${Icon} name=${step === "waiting" ? "need" : "wait"} /><span>${alarm.drill ? `${t("sos.drill")} · ` : ""}${t(`sos.bar_${step}`)}</span></a>` : null}
      ${strangers.map((o) => html`<p class="notice need" role="alert" data-name="sos-colleague"><${Icon} name="need" /><span>${t("sos.colleague", { name: o.name })}</span></p>`)}
      ${mates.length ? html`<${Mates} view=${view} mates=${mates} />` : null}
      ${lone.phase === "ask" || lone.phase === "late" ? html`<${Lone} view=${view} lone=${lone} />` : null}
    </div>`;
}

/** Read from what is stored at every change and at the minute itself; a page that slept asks when it wakes. @param {View} view */
function useLone(view) {
  const [, again] = useState(0);
  const { shift, duty, rows, ahead_ms } = view;
  const lone = loneOf({ shift, duty, rows, alarm: view.kept?.plan.alarm, now: Date.now(), ahead_ms });
  const next = lone.phase === "quiet" ? lone.due_at : lone.phase === "ask" ? lone.told_at : 0;
  useEffect(() => {
    if (!next) return;
    const timer = setTimeout(() => again((n) => n + 1), Math.min(Math.max(0, next - Date.now()), 3_600_000) + 20);
    return () => clearTimeout(timer);
  }, [next]);
  return lone;
}

/**
 * Held for two seconds, a ring closes and the phone shakes; tapped, it asks in large letters.
 * @param {{view: View, drill?: boolean, busy?: boolean}} props busy: a call is on already, the key leads to it
 */
export function Key({ view, drill = false, busy = false }) {
  const [stage, setStage] = useState(/** @type {"rest"|"holding"|"asking"|"full"} */ ("rest"));
  const timer = useRef(0);
  const swallow = useRef(false);
  useEffect(() => () => clearTimeout(timer.current), []);

  const call = async () => {
    setStage("rest");
    try {
      await raise(view, drill);
    } catch {
      setStage("full"); // the phone could not keep it: say so, and call
    }
  };
  const press = (/** @type {PointerEvent} */ event) => {
    if (busy || event.button !== 0) return;
    swallow.current = false;
    setStage("holding");
    buzz([40, 460, 40, 460, 40, 460, 40]);
    timer.current = window.setTimeout(() => {
      swallow.current = true; // the click that follows the release is not a second wish
      call();
    }, HOLD_MS);
  };
  const release = () => {
    clearTimeout(timer.current);
    if (stage !== "holding") return;
    buzz(0);
    setStage("rest");
  };
  const click = () => {
    if (swallow.current) swallow.current = false;
    else if (busy) go("#/sos");
    else setStage("asking");
  };
  const holding = stage === "holding";
  return html`
    <button type="button" class=${`sos-key ${drill ? "is-drill" : "is-real"} ${holding ? "is-holding" : ""}`} data-name=${drill ? "sos-practise-key" : "sos-key"}
      aria-label=${t(drill ? "sos.key_drill" : "sos.key")} onPointerDown=${press} onPointerUp=${release} onPointerLeave=${release}
      onPointerCancel=${release} onContextMenu=${(/** @type {Event} */ e) => e.preventDefault()} onClick=${click}>
      <svg class="sos-ring" viewBox="0 0 100 100" aria-hidden="true"><circle cx="50" cy="50" r="45" pathLength="100" /></svg>
      <span aria-hidden="true">SOS</span>
    </button>
    ${holding ? html`<p class="sos-holding" role="status">${t("sos.holding")}</p>` : null}
    ${stage === "asking" ? html`<${Layer} label=${t("sos.ask")} onBack=${() => setStage("rest")} drill=${drill}>
      <p class="sos-word">${t(drill ? "sos.ask_drill" : "sos.ask")}</p>
      <button type="button" class="button wide need sos-big" data-name="sos-yes" onClick=${call}>${t(drill ? "sos.yes_drill" : "sos.yes")}</button>
      <button type="button" class="button wide plain sos-big" data-name="sos-no" onClick=${() => setStage("rest")}>${t("sos.no")}</button></${Layer}>` : null}
    ${stage === "full" ? html`<${Layer} label=${t("sos.full")} onBack=${() => setStage("rest")} drill=${drill}>
      <p class="sos-word" role="alert">${t("sos.full")}</p>
      <a class="button wide need sos-big" href="tel:110">${t("sos.call_110")}</a>
      <button type="button" class="button wide plain" onClick=${() => setStage("rest")}>${t("app.back")}</button></${Layer}>` : null}`;
}

/** @type {import("../location.js").Position|null} */
let heard = null;

/** On the disk first; the position of the moment comes along when there is one, and is never waited for. @param {View} view @param {boolean} drill */
async function raise(view, drill) {
  const { session, shift, duty, position } = view;
  if (!session.person) return;
  const live = !!duty && isLive(duty);
  await arm({
    author_id: session.person.id, shift_id: live && shift ? shift.id : null, drill,
    fix: live && position ? fixOf(position, Date.now()) : null,
  });
  await reload();
  askForSync();
  heard = null;
  if (duty?.state === "on" || (live && !drill)) heard = await positionNow(4_500);
}

const NOT_YET_MS = 600; // the second half of a double tap is no wish to stop

/** @param {{alarm: Alarm}} props */
function Countdown({ alarm }) {
  const [, again] = useState(0);
  const since = useRef(Date.now());
  useEffect(() => {
    buzz([200, 100, 200]);
    sound("counting");
    const beat = setInterval(() => again((n) => n + 1), 200);
    const end = setTimeout(() => ripe(alarm), Math.max(0, alarm.due_at - Date.now()));
    return () => {
      clearInterval(beat);
      clearTimeout(end);
    };
  }, []);
  const cancel = async () => {
    if (Date.now() - since.current < NOT_YET_MS) return;
    buzz(0);
    if (!(await stop(alarm.id))) go("#/sos");
    await reload();
  };
  const n = secondsLeft(alarm, Date.now());
  return html`<${Layer} label=${t("sos.counting")} drill=${alarm.drill}>
    <p class="sos-word" role="alert">${t(alarm.drill ? "sos.counting_drill" : "sos.counting")}</p>
    <p class="sos-seconds" aria-hidden="true" data-name="sos-seconds">${n}</p>
    <button type="button" class="button wide plain sos-cancel" data-name="sos-stop" onClick=${cancel}>${t("sos.stop")}</button>
    <p class="small center">${t("sos.stop_why")}</p></${Layer}>`;
}

/** The five seconds are over. @param {Alarm} alarm */
async function ripe(alarm) {
  const position = heard ?? current().position;
  await ripen({ id: alarm.id, fix: position ? fixOf(position, alarm.armed_at) : null });
  await reload();
  go("#/sos");
  sendAlarms(true);
}

/** Over the whole screen; what lies behind cannot be reached. @param {{label: string, drill: boolean, onBack?: () => void, children?: any}} props */
function Layer({ label, drill, onBack, children }) {
  const box = useRef(/** @type {any} */ (null));
  const open = () => {
    if (box.current?.open === false) box.current.showModal?.();
    if (box.current && !box.current.showModal) box.current.setAttribute("open", "");
  };
  useEffect(open, []);
  return html`<dialog class=${`sos-layer ${drill ? "is-drill" : ""}`} ref=${box} aria-label=${label}
      onCancel=${(/** @type {Event} */ e) => {
        e.preventDefault();
        onBack?.();
      }} onClose=${() => (onBack ? onBack() : open())}>
    ${drill ? html`<p class="sos-drill">${t("sos.drill")}</p>` : null}${children}</dialog>`;
}
