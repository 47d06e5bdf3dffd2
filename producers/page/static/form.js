// One form: sections of fields made from their description, what they hold, and faults bound to them by JSON pointers.

import { h, uid } from "/static/js/dom.js";
import { day } from "/static/js/time.js";
import { pick, t } from "/static/js/words.js";
import { FieldSet } from "./fieldset.js";
import { put } from "./pointer.js";

/** A form of a type. `context` has lookup, me, word(vocabulary, value); `changed()` is called after each change. */
export class Form {
  constructor(described, values, context, changed) {
    this.described = described;
    this.held = {};
    const whole = { ...context, change: () => this.#change(changed), values: () => this.held };
    this.sections = described.sections.map((section) => new Section(section, whole));
    this.element = h("div", { class: "form stack" }, this.sections.map((section) => section.element));
    this.held = structuredClone(values);
    this.rest = without(values, described);
    for (const section of this.sections) section.fields.set(values);
    this.#change(() => {});
  }

  /** What the form holds, and what it was given and has no field for. */
  values() {
    const held = structuredClone(this.rest);
    for (const section of this.sections) merge(held, section.fields.get());
    return held;
  }

  /** What is wrong as far as this browser can tell: [{pointer, word}]. */
  check() {
    return this.sections.flatMap((section) => section.fields.check());
  }

  /** Show faults: [{pointer, text}]. What belongs to no field is given back. */
  show(faults) {
    this.clear();
    const told = new Map();
    const rest = [];
    for (const fault of faults) {
      const found = this.nearest(fault.pointer);
      if (found) told.set(found, [...(told.get(found) ?? []), fault.text]);
      else rest.push(fault);
    }
    for (const [field, texts] of told) field.fault([...new Set(texts)].join(" "));
    for (const section of this.sections) section.openIfFaulty();
    return rest;
  }

  clear() {
    for (const section of this.sections) section.fields.every((field) => field.fault(null));
  }

  /** The field that a place belongs to; null when this form has none. */
  nearest(pointer) {
    const found = this.sections.map((section) => section.fields.nearest(pointer)).filter(Boolean);
    return found.sort((a, b) => b.depth - a.depth)[0]?.field ?? null;
  }

  /** Go to a field: open its section, show it, and put the keyboard there. */
  goTo(field) {
    this.sections.find((section) => section.element.contains(field.element)).element.open = true;
    field.element.scrollIntoView({ block: "center" });
    field.widget.focus();
  }

  /** Go to the section after or before the one where the keyboard is. */
  step(by) {
    const place = this.sections.findIndex((section) => section.element.contains(document.activeElement));
    const section = this.sections[Math.min(Math.max(place + by, 0), this.sections.length - 1)];
    section.element.open = true;
    section.element.scrollIntoView({ block: "start" });
    section.fields.focus();
  }

  #change(changed) {
    this.held = this.values();
    for (const section of this.sections) {
      section.fields.refresh(this.held);
      section.digest();
    }
    this.held = this.values();
    changed();
  }
}

class Section {
  constructor(described, context) {
    this.described = described;
    this.fields = new FieldSet(described.fields, context);
    this.said = h("span", { class: "digest small quiet" });
    this.heading = uid("section");
    this.element = h("details", { class: "card section", open: !described.folded },
      h("summary", {}, h("h2", { id: this.heading }, pick(described.title)), this.said), this.fields.element);
  }

  /** What a folded section holds, in a few words. */
  digest() {
    const said = this.fields.fields.filter((field) => field.live).map((field) => field.widget.shown()).filter(Boolean);
    this.said.textContent = this.described.folded ? said.join(" · ") : "";
  }

  openIfFaulty() {
    if (this.fields.element.querySelector("[data-fault]")) this.element.open = true;
  }
}

/** What a form begins with: the defaults of its fields. */
export function startingValues(described, { me, number }) {
  const values = {};
  const now = new Date();
  const worked = { now: now.toISOString(), today: day(now), person: me?.subject, number };
  for (const section of described.sections) {
    for (const field of section.fields) {
      if (field.default === undefined) continue;
      put(values, field.at, Object.hasOwn(worked, field.default) ? worked[field.default] : field.default);
    }
  }
  return values;
}

/** Values without those that a form has fields for. */
function without(values, described) {
  const rest = structuredClone(values);
  for (const section of described.sections) for (const field of section.fields) put(rest, field.at, undefined);
  return rest;
}

function merge(into, values) {
  for (const [name, value] of Object.entries(values)) {
    if (value && typeof value === "object" && !Array.isArray(value) && into[name] && typeof into[name] === "object") merge(into[name], value);
    else into[name] = value;
  }
}
