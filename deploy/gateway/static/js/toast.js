// Short messages at the foot of the page, read out by screen readers, gone by themselves unless they ask something.

import { h } from "./dom.js";

const LASTS = 6_000;
let region = null;

/** Make the place for messages. It must be there before the first one, or it is not read out. */
export function toastRegion() {
  region ??= h("div", { class: "toasts", role: "status", "aria-live": "polite" });
  return region;
}

/** Say something. `action` is {label, run}: a message with one stays until it is answered or `dismiss` is called. */
export function toast(text, { action = null } = {}) {
  const shown = h("div", { class: "toast" }, h("span", {}, text));
  const dismiss = () => shown.remove();
  if (action) {
    shown.append(h("button", { class: "button", type: "button", on: { click: () => { dismiss(); action.run(); } } }, action.label));
  } else {
    setTimeout(dismiss, LASTS);
  }
  toastRegion().append(shown);
  return dismiss;
}
