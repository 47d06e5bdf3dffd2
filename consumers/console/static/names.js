// What codes are called on this page: alarms, desks, areas, rules, types, obligations, in the language chosen.

import { pref } from "/static/js/prefs.js";
import { pick, t } from "/static/js/words.js";

let known = { alarms: {}, areas: {}, units: {}, partners: {}, types: {}, values_sv: {}, rules: {} };

/** Take in what the gateway calls things. */
export function useNames(names) {
  known = names;
}

const plain = (name) => String(name).replaceAll("_", " ");
const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

export const meaning = (code) => (known.alarms[code] ? pick(known.alarms[code].meaning) : "");
export const remedy = (code) => (known.alarms[code] ? pick(known.alarms[code].remedy) : "");
export const severity = (code) => known.alarms[code]?.severity ?? "ticket";
export const unit = (code) => known.units[code]?.name ?? known.partners[code] ?? code;
export const seat = (code) => known.units[code]?.at ?? null;
export const areas = () => Object.keys(known.areas);
export const area = (name) => known.areas[name] ?? t(`area.${name}`);
export const rule = (id) => (known.rules[id] ? pick(known.rules[id]) : "");
export const type = (name) => capital(known.types[name] ? pick(known.types[name]) : plain(name));
export const value = (text) => capital((pref("lang") === "en" ? null : known.values_sv[text]) ?? plain(text));
export const unitCodes = () => Object.keys(known.units);

/** A desk as people call it. */
export function desk(address) {
  const [code, name] = String(address).split("/");
  if (!name) return unit(code);
  return code === "se.bus" ? t("ops.bus") : `${unit(code)} / ${t(`function.${name}`)}`;
}

/** Where an alarm is, in words when it is a desk or unit; the address itself stands beside it. */
export function place(where) {
  const words = /^(se|partner)[.\w-]*(\/\w+)?$/.test(where) ? desk(where) : where;
  return words === where ? null : words;
}
