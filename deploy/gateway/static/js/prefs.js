// How a person wants pages to look, kept in this browser alone: language, theme, size, single-key shortcuts.

/** What may be chosen; the first is what is usual. */
export const CHOICES = {
  lang: ["sv", "en"],
  theme: ["auto", "light", "dark"],
  size: ["m", "l", "xl"],
  keys: ["on", "off"],
};

const listeners = new Set();
const root = document.documentElement;

/** The value of a preference. */
export function pref(name) {
  if (name === "lang") return root.lang === "en" ? "en" : "sv";
  if (name === "keys") return stored(name) === "off" ? "off" : "on";
  return root.dataset[name] || CHOICES[name][0];
}

/** Change a preference; everybody who listens is told. */
export function setPref(name, value) {
  if (!CHOICES[name].includes(value)) return;
  try {
    localStorage.setItem(`sambus.${name}`, value);
  } catch {
    // A browser that keeps nothing still changes this page.
  }
  if (name === "lang") root.lang = value;
  else root.dataset[name] = value;
  for (const listener of listeners) listener(name, value);
}

/** Be told of changes: `listener(name, value)`. Gives a function that ends it. */
export function onPref(listener) {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function stored(name) {
  try {
    return localStorage.getItem(`sambus.${name}`) || root.dataset[name];
  } catch {
    return root.dataset[name];
  }
}
