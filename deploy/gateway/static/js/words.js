// Words in Swedish and English. A file of words is {"key": ["på svenska", "in English"]}; pages add files of their own.

import { pref } from "./prefs.js";

const words = new Map();

/** Read files of words. A page waits for this before it shows anything. */
export async function loadWords(...addresses) {
  const files = await Promise.all(addresses.map(async (address) => (await fetch(address)).json()));
  for (const file of files) addWords(file);
}

/** Take in words that are at hand. */
export function addWords(file) {
  for (const [key, both] of Object.entries(file)) words.set(key, both);
}

/**
 * The word for a key in the language chosen; `{name}` in it stands for a value of `values`. Of one (`n` is 1) the word under
 * `KEY.one` is taken, if there is such a word.
 */
export function t(key, values = {}) {
  const both = (Number(values.n) === 1 && words.get(`${key}.one`)) || words.get(key);
  if (!both) return key;
  return pick(both).replace(/\{(\w+)\}/g, (whole, name) => (name in values ? String(values[name]) : whole));
}

/** One of a pair [Swedish, English], by the language chosen. */
export function pick(both) {
  return both[pref("lang") === "en" ? 1 : 0];
}

/** A number as it is written in the language chosen. */
export function number(value) {
  return new Intl.NumberFormat(pref("lang") === "en" ? "en-GB" : "sv-SE").format(value);
}
