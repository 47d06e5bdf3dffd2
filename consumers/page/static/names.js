// What codes are called on this page: units, desks, types, rules, fields and values, in the language chosen.

import { pref } from "/static/js/prefs.js";
import { pick, t } from "/static/js/words.js";

let known = { units: {}, partners: {}, types: {}, substances: {}, fields_sv: {}, values_sv: {}, features_sv: {}, rules: {} };

/** Take in what the gateway calls things. */
export function useNames(names) {
  known = names;
}

export const swedish = () => pref("lang") !== "en";

const plain = (name) => String(name).replaceAll("_", " ");
const capital = (text) => text.slice(0, 1).toUpperCase() + text.slice(1);

export const unit = (code) => known.units[code]?.name ?? known.partners[code] ?? code;
export const seat = (code) => known.units[code]?.at ?? null;
export const units = () => Object.entries(known.units).map(([code, each]) => ({ value: code, label: each.name, beside: code }));
export const partners = () => Object.keys(known.partners);
export const types = () => Object.keys(known.types);
export const bases = () => known.bases;
export const purposes = () => known.purposes;
export const feedbackKinds = () => known.feedback;
export const rule = (id) => (known.rules[id] ? `${id} ${pick(known.rules[id])}` : id);
export const type = (name) => capital(known.types[name] ? pick(known.types[name]) : plain(name));
export const substance = (id) => (known.substances[id] ? pick(known.substances[id]) : id);
export const feature = (name) => (swedish() ? known.features_sv[name] : null) ?? plain(name);

/** A desk as people call it. */
export function desk(address) {
  const [code, name] = address.split("/");
  return code === "se.bus" ? t("cards.bus") : `${unit(code)} / ${t(`function.${name}`)}`;
}

const ENDS = { _g: "g", _ml: "ml", _sek: "kr", _pct: "%", _m: "m", _s: "s", _mm: "mm", _deg: "°" };

/** A field's name, and the unit that its end tells. */
export function field(name) {
  const end = Object.keys(ENDS).find((each) => name.endsWith(each));
  const stem = end ? name.slice(0, -end.length) : name;
  const said = swedish() ? known.fields_sv[stem] ?? plain(stem) : plain(stem);
  return { label: capital(said), unit: end ? ENDS[end] : "" };
}

/** A value of a vocabulary in words; free text as it is. */
export function value(text) {
  return (swedish() ? known.values_sv[text] : null) ?? (/^[a-z0-9]+(_[a-z0-9]+)+$/.test(text) ? plain(text) : text);
}
