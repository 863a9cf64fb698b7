// @ts-check
// What has to be heard on any page while on duty: an order that changed, an end that was forgotten.
import { useEffect, useRef } from "preact/hooks";
import { asksForEnd } from "../domain/changes.js";
import { isLive } from "../domain/duty.js";
import { clockTime } from "../domain/words.js";
import { announce, html, Icon } from "../dom.js";
import { language, t } from "../i18n.js";
import { buzz, chime } from "../senses.js";
import { now } from "../store.js";
import { useSeen } from "./seen.js";

/** @param {{view: import("../store.js").View, name?: string}} props */
export function DutyNews({ view, name }) {
  const { shift, duty } = view;
  const seen = useSeen(view);
  const told = useRef("");
  const live = shift && duty && isLive(duty) ? shift : null;
  const changes = live ? seen(live).changes.join(" ") : "";
  const forgotten = live && asksForEnd(shift, duty, now(), view.kept?.plan.policy.grace_min ?? 15);
  const words = forgotten ? t("forgotten.notice", { time: clockTime(live.ends_at, language()) }) : "";
  useEffect(() => {
    if (changes && changes !== told.current) {
      buzz([80, 60, 80]);
      chime("good");
      announce(t("changed.notice"));
    }
    told.current = changes;
  }, [changes]);
  useEffect(() => {
    if (forgotten && live) import("./reminder.js").then((m) => m.remind(live.id, t("app.name"), words)).catch(() => {});
  });
  if (!words && (!changes || name === "today")) return null;
  return html`<div class="notices">
    ${words ? html`<a class="notice need" href="#/patrol" data-name="forgotten-end"><${Icon} name="need" /><span>${words}</span></a>` : null}
    ${changes && name !== "today" ? html`<a class="notice need" href="#/today" data-name="changed-notice"><${Icon} name="need" /><span>${t("changed.notice")}</span></a>` : null}
  </div>`;
}
