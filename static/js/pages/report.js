// @ts-check
// A hazard or incident about a place, in a few taps: what kind, (call first,) which of these, where, photo and words.
// One question a screen; what was answered is kept on the phone at once. #/report?part=… is the question.
import { useEffect, useState } from "preact/hooks";
import { wordsAboutPeople } from "../domain/gentle.js";
import { CALLS, draftAgain, KINDS, MOST_LETTERS, newDraft, PHRASES } from "../domain/report.js";
import { go, html, Icon, routeParams } from "../dom.js";
import { t } from "../i18n.js";
import { readDraft, writeDraft } from "../offline/draft.js";
import { dropPhotos, sweepPhotos } from "../offline/photos.js";
import { newId, PAGE, saveReport, sayNothingFound } from "../reporting.js";
import { Mine } from "./reported.js";
import { Blur, Photos } from "./reportphotos.js";
import { Place } from "./reportplace.js";
import { useTold } from "./told.js";

/**
 * @typedef {import("../store.js").View} View
 * @typedef {import("../domain/report.js").Draft} Draft
 * @typedef {{view: View, draft: Draft, change: (part: Partial<Draft>) => void}} Step
 */

const to = (/** @type {string} */ part) => go(`#/report?part=${part}`);

/** @param {{view: View}} props */
export function Report({ view }) {
  const author = view.session.person?.id ?? -1;
  const [draft, setDraft] = useState(/** @type {Draft|null|undefined} */ (undefined));
  const part = routeParams().get("part") ?? "";
  useEffect(() => {
    readDraft(PAGE, author).then((kept) => {
      setDraft(kept);
      sweepPhotos(author, kept?.photos ?? []).catch(() => {});
    }, () => setDraft(null));
  }, [author]);
  const set = (/** @type {Draft|null} */ next) => {
    setDraft(next);
    writeDraft(PAGE, author, next).catch(() => {}); // no room for a draft: it still lives on this page, and saving says so
  };
  const change = (/** @type {Partial<Draft>} */ some) => draft && set({ ...draft, ...some });

  if (draft === undefined) return html`<p class="opening" role="status">${t("app.opening")}</p>`;
  if (part === "again") return html`<${Again} view=${view} set=${set} />`;
  if (part === "saved") return html`<${Saved} view=${view} nothing=${routeParams().has("nothing")} />`;
  if (!draft || part === "") return html`<${Kinds} view=${view} draft=${draft} set=${set} />`;
  const Part = { call: Call, phrase: Phrase, place: Place, blur: Blur }[part] ?? Finish;
  return html`<${Part} view=${view} draft=${draft} change=${change} done=${() => setDraft(null)} />`;
}

// --- what kind ------------------------------------------------------------------------------------

/** @param {{view: View, draft: Draft|null, set: (d: Draft|null) => void}} props */
function Kinds({ view, draft, set }) {
  const [told, tell] = useTold();
  const [busy, setBusy] = useState(false);
  const choose = (/** @type {string} */ category) => {
    set(draft && draft.category === category ? draft : { ...(draft ?? newDraft(newId(), category)), category, phrase: null });
    to(CALLS[category].length ? "call" : "phrase");
  };
  const nothing = async () => {
    setBusy(true);
    if (await tell(sayNothingFound)) go("#/report?part=saved&nothing");
    setBusy(false);
  };
  const discard = async () => {
    await dropPhotos(draft?.photos ?? []).catch(() => {});
    set(null);
  };
  return html`
    ${draft ? html`<section class="card wait" data-name="draft"><p>${t("report.draft", { kind: t(`category.${draft.category}`) })}</p>
      <div class="row"><button type="button" class="button small" data-name="draft-go-on" onClick=${() => to("finish")}>${t("report.go_on")}</button>
      <button type="button" class="button small" data-name="draft-discard" onClick=${discard}>${t("report.discard")}</button></div></section>` : null}
    <h2 id="kinds">${t("report.what_kind")}</h2>
    <div class="kinds" role="group" aria-labelledby="kinds">
      ${KINDS.map((kind) => html`<button type="button" class="kind" data-name=${`kind-${kind}`} onClick=${() => choose(kind)}>
        <${Icon} name=${kind} /><span class="kind-name">${t(`category.${kind}`)}</span><span class="soft small">${t(`category.${kind}.like`)}</span></button>`)}
    </div>
    <button type="button" class="button wide plain nothing" data-name="nothing" disabled=${busy} onClick=${nothing}><${Icon} name="done" />
      <span>${t("report.nothing")}<span class="soft small">${t("report.nothing_more")}</span></span></button>
    <p class="trouble" role="alert">${told}</p>
    <p class="soft small">${t("report.places_only")}</p>
    <${Mine} view=${view} />
    <nav class="entries" aria-label=${t("nav.note")}><ul><li><a class="entry" href="#/note" data-name="to-note"><${Icon} name="note" /><span class="line-name">${t("nav.note")}<span class="soft small">${t("report.note_more")}</span></span><${Icon} name="next" /></a></li></ul></nav>`;
}

/** Danger first: three numbers, then on. @param {Step} props */
function Call({ draft }) {
  return html`<section class="card" data-name="call-first">
      <p class="big-words">${t("report.call_first")}</p>
      ${CALLS[draft.category].map((number) => html`<a class="button wide need call" href=${`tel:${number}`} data-name=${`call-${number}`}><${Icon} name="phone" />${t(`report.call.${number}`)}</a>`)}
    </section>
    <button type="button" class="button wide main" data-name="no-danger" onClick=${() => to("phrase")}>${t("report.no_danger")}</button>`;
}

/** @param {Step} props */
function Phrase({ draft, change }) {
  const choose = (/** @type {string} */ phrase) => {
    change({ phrase });
    to(draft.place ? "finish" : "place");
  };
  return html`<h2 id="which">${t("report.which", { kind: t(`category.${draft.category}`) })}</h2>
    <div class="choices-long" role="group" aria-labelledby="which">
      ${(PHRASES[draft.category] ?? []).map((one) => html`<button type="button" class=${`button wide plain ${draft.phrase === one ? "is-chosen" : ""}`}
        aria-pressed=${draft.phrase === one} data-name=${`phrase-${one}`} onClick=${() => choose(one)}>${t(`report.phrase.${one}`)}</button>`)}
    </div>`;
}

// --- all of it, and save --------------------------------------------------------------------------

/** @param {Step & {done: () => void}} props */
function Finish({ view, draft, change, done }) {
  const [told, tell] = useTold();
  const [busy, setBusy] = useState(false);
  const [raw, setRaw] = useState(0);
  const found = wordsAboutPeople(draft.text);
  const lacking = !draft.phrase ? "report.lacks_phrase" : !draft.place ? "report.lacks_place" : raw ? "report.lacks_blur" : "";
  const save = async (/** @type {boolean} */ withWords) => {
    setBusy(true);
    if (await tell(() => saveReport(draft, withWords))) {
      go("#/report?part=saved");
      done();
    }
    setBusy(false);
  };
  return html`
    <section class="card" data-name="report-sum">
      <div class="sum"><span class="line-name"><span class="soft small">${t(`category.${draft.category}`)}</span><strong>${draft.phrase ? t(`report.phrase.${draft.phrase}`) : "–"}</strong></span>
        <a class="quiet" href="#/report?part=phrase" data-name="change-phrase" aria-label=${`${t("report.change")} ${t("report.what")}`}>${t("report.change")}</a></div>
      <div class="sum"><span class="line-name"><span class="soft small">${t("report.where")}</span><strong data-name="place-words">${draft.place?.words ?? "–"}</strong></span>
        <a class="quiet" href="#/report?part=place" data-name="change-place" aria-label=${`${t("report.change")} ${t("report.where")}`}>${t("report.change")}</a></div>
    </section>
    <${Photos} view=${view} draft=${draft} change=${change} onRaw=${setRaw} />
    <label class="field"><span>${t("report.text")}</span>
      <textarea name="text" rows="3" maxlength=${MOST_LETTERS} value=${draft.text} aria-describedby="gentle" onInput=${(/** @type {any} */ e) => change({ text: e.currentTarget.value })}></textarea>
      <span class="soft small">${t("report.letters", { n: MOST_LETTERS - draft.text.length })}</span></label>
    <div id="gentle" role="status">${found.length ? html`<div class="result wait" data-name="gentle" data-found=${found.join(" ")}>
      <p>${t("gentle.why")}</p><ul class="words">${found.map((code) => html`<li>${t(`gentle.${code}`)}</li>`)}</ul><p>${t("gentle.what_now")}</p></div>` : null}</div>
    <p class="trouble" role="alert">${told}</p>
    ${found.length
      ? html`<button type="button" class="button wide main" data-name="edit-words" onClick=${() => document.querySelector("textarea")?.focus()}>${t("gentle.edit")}</button>
        <button type="button" class="button wide plain" data-name="save-without" disabled=${busy || !!lacking} onClick=${() => save(false)}>${t("gentle.without")}</button>`
      : html`<button type="button" class="button wide main" data-name="report-save" disabled=${busy || !!lacking} onClick=${() => save(true)}>${t("report.save")}</button>`}
    ${lacking ? html`<p class="soft small" data-name="lacking">${t(lacking)}</p>` : null}`;
}

/** @param {{view: View, nothing: boolean}} props */
function Saved({ view, nothing }) {
  return html`<section class="card center" data-name="report-saved"><p class="big-words"><${Icon} name="done" />${t(nothing ? "report.nothing_saved" : "report.saved")}</p>
      <p class="soft">${t(view.mine.count ? "report.saved_waiting" : "report.saved_sent")}</p></section>
    ${view.duty?.state === "on" ? html`<a class="button wide main" href="#/patrol">${t("report.to_patrol")}</a>` : html`<a class="button wide main" href="#/today">${t("report.to_today")}</a>`}
    <a class="button wide plain" href="#/report" data-name="one-more">${t("report.one_more")}</a>`;
}

/** A refused report comes back as a draft, with its photos. @param {{view: View, set: (d: Draft|null) => void}} props */
function Again({ view, set }) {
  const id = routeParams().get("id");
  useEffect(() => {
    const row = view.rows.find((r) => r.id === id && r.kind === "report" && r.state === "refused");
    if (row) {
      const spot = view.kept?.plan.routes.flatMap((r) => r.checkpoints).find((c) => c.id === row.envelope.body.checkpoint_id);
      set(draftAgain(row, newId(), spot?.name ?? t("report.place_on_map")));
    }
    location.replace(row ? "#/report?part=finish" : "#/report");
  }, [id]);
  return html`<p class="opening" role="status">${t("app.opening")}</p>`;
}
