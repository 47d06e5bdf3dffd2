// Fields side by side, whole: their labels, help and faults, which of them are shown now, and what they hold together.

import { h, uid } from "/static/js/dom.js";
import { pick, t } from "/static/js/words.js";
import { list, place } from "./groups.js";
import { at, put } from "./pointer.js";
import { WIDGETS } from "./widgets.js";

/** The fields of a section, of a place (needed only with it) or of one thing in a list. `base` is where they all stand. */
export class FieldSet {
  constructor(fields, context, base = "", partOfPlace = false) {
    Object.assign(this, { context, base, partOfPlace });
    this.fields = fields.map((field) => new Field(field, this));
    this.element = h("div", { class: "grid" }, this.fields.map((field) => field.element));
  }

  /** The field at a place below the base. */
  fieldAt(pointer) {
    return this.fields.find((field) => field.described.at === pointer);
  }

  get() {
    const held = {};
    for (const field of this.fields) if (field.live) put(held, field.described.at, field.widget.get());
    return held;
  }

  set(values) {
    for (const field of this.fields) field.widget.set(at(values, field.described.at) ?? undefined);
    this.refresh(this.context.values());
  }

  focus() {
    this.fields.find((field) => field.live)?.widget.focus();
  }

  /** Show those fields whose conditions hold: a condition is about a field beside it, or of the whole event. */
  refresh(whole) {
    const held = this.get();
    for (const field of this.fields) field.refresh((pointer) => this.fieldAt(pointer) ? at(held, pointer) : at(whole, pointer), whole);
  }

  /** What is wrong here: [{pointer, word}]. */
  check() {
    return this.fields.flatMap((field) => field.check());
  }

  /** The base after things before this one were added or taken away. */
  moved(base) {
    this.base = base;
    for (const field of this.fields) field.element.dataset.at = field.pointer;
  }

  /** The field that a place in the event belongs to, nearest first, with how much of the place it stands for. */
  nearest(pointer) {
    return this.fields.map((field) => field.nearest(pointer)).filter(Boolean).sort((a, b) => b.depth - a.depth)[0] ?? null;
  }

  every(visit) {
    for (const field of this.fields) {
      visit(field);
      for (const inner of field.inner()) inner.every(visit);
    }
  }
}

/** One field: label, widget, help, fault. */
export class Field {
  constructor(described, set) {
    this.described = described;
    this.set = set;
    this.live = true;
    const ids = { input: uid("field"), help: uid("help"), fault: uid("fault") };
    ids.describedby = [described.help ? ids.help : null, ids.fault].filter(Boolean).join(" ");
    this.widget = this.#widget(ids);
    this.faultLine = h("p", { class: "fault", id: ids.fault, hidden: true });
    this.element = this.#whole(ids);
    this.element.dataset.at = this.pointer;
  }

  get pointer() {
    return this.set.base + this.described.at;
  }

  #widget(ids) {
    const { kind } = this.described;
    const make = (fields, base) => new FieldSet(fields, this.set.context, this.set.base + base, kind === "place");
    if (kind === "place") return place(this.described, this.set.context, make);
    if (kind === "list") return list(this.described, this.set.context, make);
    return WIDGETS[kind](this.described, this.set.context, ids);
  }

  #whole(ids) {
    const { described, widget } = this;
    const group = widget.group || ["place", "list"].includes(described.kind);
    const need = described.required && !this.set.partOfPlace ? h("span", { class: "optional" }, ` ${t("required")}`) : null;
    const label = [pick(described.label), need];
    const help = described.help && !widget.ownHelp ? h("span", { class: "help", id: ids.help }, pick(described.help)) : null;
    return h(group ? "fieldset" : "div", { class: `field span-${described.span ?? 6}` },
      widget.own ? null : group ? h("legend", {}, label) : h("label", { for: ids.input }, label),
      widget.element, help, this.faultLine);
  }

  inner() {
    return [this.widget.fields, ...(this.widget.items?.() ?? [])].filter(Boolean);
  }

  refresh(value, whole) {
    const wanted = (this.described.when ?? []).every(({ at: pointer, in: values }) => {
      const held = value(pointer);
      const there = held !== undefined && held !== "";
      if (values === null) return there;
      return values.length ? values.includes(held) : !there;
    });
    this.live = wanted;
    this.element.hidden = !wanted;
    for (const inner of this.inner()) inner.refresh(whole);
  }

  check() {
    if (!this.live) return [];
    const word = this.widget.fault() ?? (this.described.required && this.widget.get() === undefined ? "fault.missing" : null);
    return [...(word ? [{ pointer: this.pointer, word }] : []), ...(this.widget.check?.() ?? [])];
  }

  nearest(pointer) {
    if (pointer !== this.pointer && !pointer.startsWith(`${this.pointer}/`)) return null;
    const deeper = this.inner().map((inner) => inner.nearest(pointer)).filter(Boolean).sort((a, b) => b.depth - a.depth)[0];
    return deeper ?? { field: this, depth: this.pointer.length };
  }

  /** Say what is wrong; nothing says that it is right. */
  fault(text) {
    this.faultLine.hidden = !text;
    this.faultLine.textContent = text ?? "";
    if (text) this.element.dataset.fault = "";
    else delete this.element.dataset.fault;
    for (const control of this.element.querySelectorAll(":scope > .input, :scope > * > .input")) {
      if (text) control.setAttribute("aria-invalid", "true");
      else control.removeAttribute("aria-invalid");
    }
  }
}
