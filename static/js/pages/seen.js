// @ts-check
// Which of my shifts are otherwise than I last saw them. Kept on this phone; marked until the member has looked.
import { useEffect, useState } from "preact/hooks";
import { changesOf, remember } from "../domain/changes.js";
import { changed, getMeta, onChange, setMeta } from "../offline/db.js";

/** @typedef {Record<string, import("../domain/changes.js").Seen>} SeenShifts */

/**
 * @param {import("../store.js").View} view
 * @returns {(shift: import("../store.js").Shift) => {changes: string[], seen: import("../domain/changes.js").Seen|undefined}}
 */
export function useSeen(view) {
  const [seen, setSeen] = useState(/** @type {SeenShifts} */ ({}));
  const id = view.session.person?.id ?? null;
  useEffect(() => {
    let gone = false;
    const read = async () => {
      if (id === null || !view.kept) return;
      const before = (await getMeta(`seen:${id}`)) ?? {};
      const after = remember(before, view.kept.plan.shifts);
      if (JSON.stringify(after) !== JSON.stringify(before)) await setMeta(`seen:${id}`, after);
      if (!gone) setSeen(after);
    };
    read();
    const off = onChange((what) => {
      if (what === "seen") read();
    });
    return () => {
      gone = true;
      off();
    };
  }, [id, view.kept?.plan.version]);
  return (shift) => ({ changes: shift.mine ? changesOf(seen[shift.id], shift) : [], seen: seen[shift.id] });
}

/** The member has looked at this shift as it is now. @param {import("../store.js").View} view @param {number} shiftId */
export async function lookAt(view, shiftId) {
  const id = view.session.person?.id;
  if (id === undefined || !view.kept) return;
  const before = (await getMeta(`seen:${id}`)) ?? {};
  await setMeta(`seen:${id}`, remember(before, view.kept.plan.shifts, shiftId));
  changed("seen");
}
