// @ts-check
// A second member vouches for a check-in. The first shows its code (#/cosign?show=<id>), the second scans it and says yes
// (#/cosign?id=XK1.<shift>.<id>). Neither needs a signal.
import { sayIt } from "../actions.js";
import { cosignText, readScan } from "../domain/codes.js";
import { qrCode, qrPath } from "../domain/qr.js";
import { clockTime } from "../domain/words.js";
import { go, html, Icon, routeParams } from "../dom.js";
import { language, t } from "../i18n.js";
import { buzz, chime } from "../senses.js";
import { dutyFor } from "../store.js";
import { Empty } from "./pieces.js";
import { useTold } from "./told.js";

/** @typedef {import("../store.js").View} View */

/** @param {{view: View}} props */
export function Cosign({ view }) {
  const params = routeParams();
  const scanned = readScan(params.get("id") ?? "");
  if (scanned?.kind === "cosign") return html`<${Vouch} view=${view} shift=${scanned.shift} checkin=${scanned.checkin} />`;
  const row = view.rows.find((r) => r.id === params.get("show") && r.kind === "checkin");
  if (row) return html`<${Show} view=${view} row=${row} />`;
  return html`<section class="card empty"><p>${t("cosign.how")}</p>
    <button type="button" class="button wide main" data-name="cosign-scan" onClick=${() => go("#/scan?for=cosign")}><${Icon} name="scan" />${t("cosign.scan")}</button></section>`;
}

/** @param {{view: View, row: import("../store.js").OutboxRow}} props */
function Show({ view, row }) {
  const { size, path } = qrPath(qrCode(cosignText(row.shift_id ?? 0, row.id)));
  const done = (row.receipt?.evidence_level ?? 0) >= 4;
  const place = view.kept?.plan.routes.flatMap((r) => r.checkpoints).find((c) => c.id === row.envelope.body.checkpoint_id);
  return html`<section class="card center" data-name="cosign-code" data-code=${cosignText(row.shift_id ?? 0, row.id)}>
    <h2>${place?.name ?? t("kind.here")} · ${clockTime(row.envelope.device_at, language())}</h2>
    <p>${t("cosign.show")}</p>
    <svg class="qr" viewBox=${`0 0 ${size} ${size}`} role="img" aria-label=${t("cosign.picture")} shape-rendering="crispEdges">
      <rect width=${size} height=${size} class="qr-light" /><path d=${path} class="qr-dark" /></svg>
    <p class="state" role="status">${done ? html`<${Icon} name="done" />${t("cosign.done")}` : t("cosign.waits")}</p>
    <button type="button" class="button wide plain" onClick=${() => go("#/patrol")}>${t("cosign.back")}</button></section>`;
}

/** @param {{view: View, shift: number, checkin: string}} props */
function Vouch({ view, shift: shiftId, checkin }) {
  const [told, tell] = useTold();
  const shift = view.kept?.plan.shifts.find((s) => s.id === shiftId);
  const said = view.rows.find((r) => r.kind === "cosign" && r.envelope.body.checkin_id === checkin);
  if (view.rows.some((r) => r.id === checkin)) return html`<${Empty} words=${t("cosign.own")} more=${t("cosign.own_more")} />`;
  if (said) {
    return html`<section class="card center" data-name="cosigned"><p class="big-words"><${Icon} name="done" />${t("cosign.said")}</p>
      <p class="soft">${t("cosign.said_more")}</p><button type="button" class="button wide main" onClick=${() => go("#/patrol")}>${t("cosign.back")}</button></section>`;
  }
  if (!shift || dutyFor(shift).state !== "on") return html`<${Empty} words=${t("cosign.not_with_you")} more=${t("cosign.not_with_you_more")} />`;
  const yes = () => tell(async () => {
    await sayIt("cosign", { shift_id: shiftId, checkin_id: checkin });
    buzz(40);
    chime("good");
  });
  return html`<section class="card" data-name="vouch"><p class="big-words">${t("cosign.question")}</p><p>${t("cosign.question_more")}</p>
    <button type="button" class="button wide main checkin" data-name="cosign-yes" onClick=${yes}>${t("cosign.yes")}</button>
    <button type="button" class="button wide plain" onClick=${() => go("#/patrol")}>${t("cosign.no")}</button>
    <p class="trouble" role="alert">${told}</p></section>`;
}
