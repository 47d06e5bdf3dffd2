// Building elements without markup in strings: text is always text, so that no content can become a script.

let made = 0;

/** An id that no other element of the page has. */
export function uid(stem = "e") {
  made += 1;
  return `${stem}-${made}`;
}

/**
 * An element. Attributes: `class`, `dataset`, `on` (event handlers), properties such as `value`, `checked` and
 * `disabled`, and any HTML attribute; null, undefined and false leave one out. Children: nodes, texts, lists, nothing.
 */
export function h(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) set(element, key, value);
  add(element, children);
  return element;
}

/** Put other children in the place of those that are there. */
export function fill(element, ...children) {
  element.replaceChildren();
  add(element, children);
  return element;
}

const PROPERTIES = new Set(["value", "checked", "disabled", "hidden", "open", "textContent", "indeterminate"]);

function set(element, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (key === "class") element.className = value;
  else if (key === "dataset") Object.assign(element.dataset, value);
  else if (key === "on") for (const [type, handler] of Object.entries(value)) element.addEventListener(type, handler);
  else if (PROPERTIES.has(key)) element[key] = value;
  else element.setAttribute(key, value === true ? "" : value);
}

function add(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : String(child));
  }
}
