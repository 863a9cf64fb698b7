// @ts-check

/** @param {{view: import("../store.js").View, name?: string}} _props */
export function SosKey(_props) {
  return null;
}
