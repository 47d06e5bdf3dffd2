// The keyboard: shortcuts that a page binds, and the sheet that lists them (?). Single keys can be switched off.

import { sheet } from "./dialog.js";
import { h } from "./dom.js";
import { pref, setPref } from "./prefs.js";
import { t } from "./words.js";

const bound = [];
const TYPING = "input:not([type=radio]):not([type=checkbox]):not([type=button]), textarea, select, [contenteditable=true]";

/**
 * Bind shortcuts: [{keys: "mod+enter" | "n" | "?", word: key of its words, run, where?}].
 *
 * `mod` is Ctrl, or Cmd on a Mac. A single key works only where nobody types and when single keys are on; `where` is a
 * function that says whether a shortcut makes sense now. Gives a function that unbinds them.
 */
export function bindKeys(shortcuts) {
  bound.push(...shortcuts);
  return () => {
    for (const shortcut of shortcuts) bound.splice(bound.indexOf(shortcut), 1);
  };
}

/** Begin to listen; the help sheet is bound to `?` and F1. */
export function startKeys() {
  bindKeys([
    { keys: "?", word: "keys.help", run: helpSheet },
    { keys: "f1", word: "keys.help", run: helpSheet, unlisted: true },
  ]);
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || document.querySelector("dialog[open]")) return;
    const shortcut = bound.find((each) => meant(each, event) && (!each.where || each.where()));
    if (!shortcut) return;
    event.preventDefault();
    shortcut.run(event);
  });
}

/** Show every shortcut that is bound now. */
export function helpSheet() {
  return sheet(t("keys.title"), (close) => [
    h("dl", { class: "keys" }, bound.filter((each) => !each.unlisted).map((each) => [
      h("dt", {}, shown(each.keys)), h("dd", {}, t(each.word)),
    ])),
    h("label", { class: "check" },
      h("input", {
        type: "checkbox", checked: pref("keys") === "on",
        on: { change: (event) => setPref("keys", event.target.checked ? "on" : "off") },
      }),
      t("keys.single")),
    h("div", { class: "actions" },
      h("button", { class: "button main", type: "button", on: { click: () => close() } }, t("close"))),
  ]);
}

/** A shortcut as people read it, in `kbd` elements. */
export function shown(keys) {
  const names = {
    mod: /mac/i.test(navigator.platform) ? "⌘" : "Ctrl", alt: "Alt", enter: "Enter", escape: "Esc", arrowdown: "↓", arrowup: "↑",
  };
  return keys.split("+").map((key, place) => [place ? " " : "", h("kbd", {}, names[key] ?? key.toUpperCase())]);
}

function meant(shortcut, event) {
  const wanted = shortcut.keys.split("+");
  const key = wanted.at(-1);
  const mod = event.ctrlKey || event.metaKey;
  if (event.key.toLowerCase() !== key) return false;
  if (wanted.includes("mod") !== mod || wanted.includes("alt") !== event.altKey) return false;
  if (mod || event.altKey || key.length > 1) return true;
  return pref("keys") === "on" && !event.target.closest?.(TYPING);
}
