// @ts-check
import { useState } from "preact/hooks";
import { Told } from "../actions.js";
import { t } from "../i18n.js";

/**
 * Runs a tap and keeps the sentence that says why it did not work.
 * @returns {[string, (act: () => Promise<any>) => Promise<boolean>]}
 */
export function useTold() {
  const [told, setTold] = useState("");
  return [
    told,
    async (act) => {
      setTold("");
      try {
        await act();
        return true;
      } catch (error) {
        setTold(error instanceof Told ? error.message : t("trouble.not_saved"));
        return false;
      }
    },
  ];
}
