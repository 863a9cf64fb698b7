// @ts-check
// The bar above a patrol: what is recorded, since when, and what was lost.
import { tapDuty } from "../actions.js";
import { FORGOTTEN_MS } from "../domain/duty.js";
import { clockTime, durationWords } from "../domain/words.js";
import { html, Icon } from "../dom.js";
import { language, t } from "../i18n.js";
import { now } from "../store.js";
import { useTold } from "./told.js";

/** @param {{view: import("../store.js").View, shift: import("../store.js").Shift, duty: import("../store.js").Duty}} props */
export function RecordingBar({ view, shift, duty }) {
  const [told, tell] = useTold();
  const paused = duty.state === "paused";
  const forgotten = now() > Date.parse(shift.ends_at) + FORGOTTEN_MS;
  const since = clockTime(duty.started_at ?? shift.starts_at, language());
  const words = paused
    ? t("patrol.paused")
    : forgotten
      ? t("patrol.forgotten", { time: clockTime(shift.ends_at, language()) })
      : view.recording
        ? t(view.tracks === false ? "patrol.no_track" : "patrol.recording", { time: since })
        : t("patrol.recording_elsewhere");
  const lost = view.gaps.reduce((sum, g) => sum + (g.to - g.from) / 60_000, 0);
  return html`<div class=${`recording ${paused || forgotten ? "is-paused" : ""}`} data-name="recording" data-recording=${view.recording}>
    <p><span class="lamp" aria-hidden="true"></span><span>${words}</span></p>
    <button type="button" class="button small" data-name=${paused ? "resume" : "pause"}
      onClick=${() => tell(() => tapDuty(shift, paused ? "duty.resume" : "duty.pause"))}>
      <${Icon} name=${paused ? "play" : "pause"} />${t(paused ? "patrol.resume" : "patrol.pause")}</button>
    ${view.trouble && !paused && !(view.position && Date.now() - view.position.at < 60_000) ? html`<p class="recording-more need">${t(`trouble.position_${view.trouble}`)}</p>` : null}
    ${lost >= 1 ? html`<p class="recording-more">${t("patrol.gaps", { n: view.gaps.length, time: durationWords(lost, t) })}</p>` : null}
    ${view.saving && view.recording ? html`<p class="recording-more" data-name="saving">${t("recording.saving")}</p>` : null}
    ${told ? html`<p class="recording-more need" role="alert">${told}</p>` : null}
  </div>`;
}
