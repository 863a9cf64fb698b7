// @ts-check
// A copy of what waits, for a phone that may not live; and the way back from one onto this phone.
import { useState } from "preact/hooks";
import { send } from "../actions.js";
import { announce, html, Icon } from "../dom.js";
import { t } from "../i18n.js";
import { CopyTrouble, newPhrase, readCopy, sealCopy } from "../offline/copy.js";
import { unsentRows } from "../offline/outbox.js";
import { restoreCopy } from "../offline/restore.js";
import { reload } from "../store.js";
import { Empty } from "./pieces.js";

/** @param {{view: import("../store.js").View}} props */
export function Copy({ view }) {
  const [phrase, setPhrase] = useState("");
  const [busy, setBusy] = useState(false);
  const [said, setSaid] = useState("");
  if (view.mine.count === 0) return html`<${Empty} words=${t("sent.all")} more=${t("copy.nothing")} />`;
  const save = async () => {
    setBusy(true);
    try {
      const person = view.session.person;
      const rows = await unsentRows(person?.id ?? -1);
      const text = await sealCopy(rows.map((r) => r.envelope), phrase, undefined, person ? [{ id: person.id, name: person.name }] : []);
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([text], { type: "application/octet-stream" }));
      link.download = `xunfang-${new Date().toISOString().slice(0, 16).replace(/[:T]/g, "-")}.xfcopy`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
      setSaid(t("copy.saved", { n: rows.length }));
    } catch {
      setSaid(t("copy.failed"));
    }
    setBusy(false);
  };
  return html`<section class="card" data-name="copy"><p>${t("copy.why")}</p><p class="soft">${t("copy.no_photos")}</p>
    ${phrase === "" ? html`<button type="button" class="button wide main" data-name="copy-begin" onClick=${() => setPhrase(newPhrase())}>${t("copy.begin")}</button>` : html`
      <p>${t("copy.phrase")}</p><p class="phrase-shown" data-name="phrase">${phrase}</p>
      <button type="button" class="button wide main" data-name="copy-save" disabled=${busy} onClick=${save}>${t(busy ? "copy.doing" : "copy.save")}</button>`}
    <p role="status" class="state">${said}</p>
  </section>`;
}

/** What a member chooses is put back as waiting; it goes when its author is signed in here. */
export function Restore() {
  const [file, setFile] = useState(/** @type {File|null} */ (null));
  const [phrase, setPhrase] = useState("");
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState("");
  const [done, setDone] = useState(/** @type {{back: number, known: number, damaged: number}|null} */ (null));
  const open = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    if (!file) return setTrouble(t("restore.no_file"));
    setBusy(true);
    setTrouble("");
    try {
      setDone(await restoreCopy(await readCopy(await file.text(), phrase)));
      announce(t("restore.done"));
      await reload();
      send();
    } catch (error) {
      setTrouble(t(error instanceof CopyTrouble ? `restore.${error.message}` : "trouble.not_saved"));
    }
    setBusy(false);
  };
  if (done) {
    return html`<section class="card" data-name="restored" data-back=${done.back}><p class="big-words"><${Icon} name="done" />${t("restore.back", { n: done.back })}</p>
      ${done.known ? html`<p>${t("restore.known", { n: done.known })}</p>` : null}
      ${done.damaged ? html`<p class="state need">${t("restore.damaged", { n: done.damaged })}</p>` : null}
      <p class="soft">${t("restore.own")}</p><a class="button wide main" href="#/outbox">${t("restore.to_list")}</a></section>`;
  }
  return html`<form class="card" method="post" data-name="restore" onSubmit=${open}><p>${t("restore.why")}</p>
    <label class="field"><span>${t("restore.file")}</span>
      <input type="file" name="copy" onChange=${(/** @type {any} */ e) => setFile(e.currentTarget.files?.[0] ?? null)} /></label>
    <label class="field"><span>${t("restore.phrase")}</span>
      <input class="code" name="phrase" value=${phrase} autocomplete="off" autocapitalize="characters" spellcheck=${false} required
        onInput=${(/** @type {any} */ e) => setPhrase(e.currentTarget.value)} /></label>
    <p class="trouble" role="alert">${trouble}</p>
    <button class="button wide main" data-name="restore-open" disabled=${busy}>${t(busy ? "restore.doing" : "restore.do")}</button></form>`;
}
