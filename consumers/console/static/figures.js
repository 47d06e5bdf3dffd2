// How figures, times and states look on this page: a sign beside each colour, durations in few words, tables that keep focus.

import { fill, h, uid } from "/static/js/dom.js";
import { pref } from "/static/js/prefs.js";
import { ago, local, utc } from "/static/js/time.js";
import { number, t } from "/static/js/words.js";

/** Signs of states: what is well, to be looked at, wrong, waited for. Never colour alone. */
const SIGNS = { good: "✓", warn: "!", bad: "▲", none: "·" };

/** A state as a badge: `good`, `warn`, `bad` or `none`, with its sign and a word. */
export function stateBadge(state, text) {
  return h("span", { class: `badge ${state === "none" ? "" : state}` }, h("span", { "aria-hidden": "true" }, SIGNS[state]), text);
}

/** The sign of a state alone, for a drawing or a narrow cell. */
export const sign = (state) => SIGNS[state];

/** A number with at most one decimal. */
export function figure(amount) {
  if (amount === null || amount === undefined) return "–";
  return number(Math.abs(amount) < 10 ? Math.round(amount * 10) / 10 : Math.round(amount));
}

/** Seconds in the words of a glance: "0,4 s", "12 s", "3 min", "2 h 5 min", "4 d". */
export function duration(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const whole = Math.max(0, seconds);
  if (whole < 10) return `${figure(whole)} s`;
  if (whole < 100) return `${Math.round(whole)} s`;
  if (whole < 6000) return `${Math.round(whole / 60)} min`;
  if (whole < 172_800) return `${Math.floor(whole / 3600)} h ${Math.round((whole % 3600) / 60)} min`;
  return `${Math.round(whole / 86_400)} d`;
}

/** A rate: so many a second. */
export const rate = (each) => t("ops.rate", { n: figure(each) });

/** Bytes in the size that fits. */
export function bytes(amount) {
  const steps = ["B", "kB", "MB", "GB", "TB"];
  const at = amount > 0 ? Math.min(steps.length - 1, Math.floor(Math.log10(amount) / 3)) : 0;
  return `${figure(amount / 1000 ** at)} ${steps[at]}`;
}

/** A share of one as per cent. */
export const percent = (share) => `${figure(share * 100)} %`;

/** How long ago a moment was; the moment itself to point at. */
export function since(moment) {
  if (!moment) return "–";
  const at = new Date(moment);
  return h("time", { datetime: at.toISOString(), title: `${local(at, { seconds: true })} · ${utc(at)}`, class: "num" }, ago(at));
}

/** A clock time of today, with its date when it was another day. */
export function clock(moment) {
  if (!moment) return "–";
  const at = new Date(moment);
  const today = local(at).slice(0, 10) === local(new Date()).slice(0, 10);
  return h("time", { datetime: at.toISOString(), title: utc(at), class: "num" }, local(at, { seconds: today, date: !today }));
}

/** Seconds from a moment until now. */
export const secondsSince = (moment) => (moment ? (Date.now() - new Date(moment)) / 1000 : null);

/**
 * A table. `columns` are {word, num?, cell(row)}; without rows it says so; a `quiet` caption is heard and not seen. It scrolls sideways by itself where it is
 * too wide, and can be reached by the keyboard to do so.
 */
export function table(caption, columns, rows, { none = "ops.none", key = null, quiet = false } = {}) {
  if (!rows.length) return h("p", { class: "empty" }, t(none));
  const id = uid("table");
  return h("div", { class: "scroll", role: "region", "aria-labelledby": id, tabindex: "0" }, h("table", { class: "table" },
    h("caption", { id }, quiet ? h("span", { class: "sr-only" }, caption) : caption),
    h("thead", {}, h("tr", {}, columns.map(({ word, num }) => h("th", { scope: "col", class: num ? "num" : null }, word ? t(word) : h("span", { class: "sr-only" }, t("ops.act")))))),
    h("tbody", {}, rows.map((row) => h("tr", { dataset: key ? { row: key(row) } : {} },
      columns.map(({ num, cell }) => h("td", { class: num ? "num" : null }, cell(row))))))));
}

/** Put something else into an element; whoever had the keyboard there keeps it (elements are known by `data-key`). */
export function redraw(element, ...children) {
  const held = element.contains(document.activeElement) ? document.activeElement : null;
  const key = held?.dataset.key;
  const scrolled = held?.classList.contains("scroll");
  fill(element, ...children);
  if (key) element.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus({ preventScroll: true });
  else if (scrolled) element.querySelector(".scroll")?.focus({ preventScroll: true });
}

/** Whether the page is in Swedish. */
export const swedish = () => pref("lang") !== "en";

/** A section with a heading, as every panel has them. */
export function section(word, ...children) {
  const id = uid("head");
  return h("section", { class: "card", "aria-labelledby": id }, h("header", {}, h("h2", { id }, t(word))), ...children);
}
