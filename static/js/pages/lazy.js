// @ts-check
import { useEffect, useState } from "preact/hooks";
import { html } from "../dom.js";
import { t } from "../i18n.js";

/**
 * A page that is loaded when it is first opened. While it comes, and when it cannot come, there are words for it.
 * @param {() => Promise<any>} load
 */
export function lazy(load) {
  /** @type {any} */
  let Page = null;
  return function Late(/** @type {any} */ props) {
    const [state, setState] = useState(/** @type {"coming"|"here"|"failed"} */ (Page ? "here" : "coming"));
    const fetchIt = () => {
      setState("coming");
      load().then(
        (page) => {
          Page = page;
          setState("here");
        },
        () => setState("failed"),
      );
    };
    useEffect(() => {
      if (!Page) fetchIt();
    }, []);
    if (Page && state === "here") return html`<${Page} ...${props} />`;
    if (state === "failed") {
      return html`<section class="card empty" role="alert"><p>${t("app.page_not_here")}</p>
        <button type="button" class="button wide main" onClick=${fetchIt}>${t("app.again")}</button></section>`;
    }
    return html`<p class="opening" role="status">${t("app.opening")}</p>`;
  };
}
