// A list that one types in (WAI-ARIA combobox): for hundreds of areas or substances, one or several of them.

import { fill, h, uid } from "./dom.js";
import { t } from "./words.js";

const MOST_SHOWN = 12;

/** Letters without marks, in lower case, so that "jarva" finds Järva. */
export function fold(text) {
  return text.toLowerCase().normalize("NFD").replace(/\p{M}/gu, "").replace(/[^\p{L}\p{N}]+/gu, " ").trim();
}

/** The best of `options` ({value, label, beside?, also?}) for a text: names that begin so first, then words, then parts. */
export function matching(options, text) {
  const wanted = fold(text);
  if (!wanted) return options.slice(0, MOST_SHOWN);
  const ranked = [];
  for (const option of options) {
    option.folded ??= [option.label, option.value, ...(option.also ?? [])].map(fold);
    const rank = Math.min(...option.folded.map((name) => rankOf(name, wanted)));
    if (rank < 9) ranked.push([rank, option]);
  }
  return ranked.sort((a, b) => a[0] - b[0]).slice(0, MOST_SHOWN).map(([, option]) => option);
}

function rankOf(name, wanted) {
  if (name === wanted) return 0;
  if (name.startsWith(wanted)) return 1;
  const words = name.split(" ");
  if (wanted.split(" ").every((part) => words.some((word) => word.startsWith(part)))) return 2;
  return name.includes(wanted) ? 3 : 9;
}

/**
 * A combobox.
 *
 * `options()` gives what can be chosen; `many` lets several be; `free` takes other texts too, as `tidy` makes them;
 * `change(values)` is called with the values chosen; `ids` are {input, describedby} of the field that it stands in. Has
 * `element`, `values`, `focus()`, and `unknown`: whether a text stands in it that names nothing.
 */
export class Combobox {
  constructor({ options, many = false, values = [], change = () => {}, ids = {}, placeholder = "", free = false, tidy = (text) => text, required = false }) {
    Object.assign(this, { options, many, change, free, tidy, values: [...values], active: -1, found: [], unknown: false });
    const list = uid("list");
    this.input = h("input", {
      class: "input", type: "text", id: ids.input, role: "combobox", autocomplete: "off", spellcheck: "false",
      "aria-expanded": "false", "aria-controls": list, "aria-autocomplete": "list", "aria-describedby": ids.describedby,
      "aria-required": required ? "true" : null, placeholder,
      on: {
        input: () => this.search(), keydown: (event) => this.key(event), blur: () => this.leave(),
        click: () => this.search(), focus: () => this.input.select(),
      },
    });
    this.list = h("ul", { role: "listbox", id: list, "aria-label": t("combo.list"), hidden: true });
    this.chosen = h("ul", { class: "chosen" });
    this.element = h("div", { class: "combo" }, many ? this.chosen : null, this.input, this.list);
    this.show();
  }

  focus() {
    this.input.focus();
  }

  /** Show what is chosen. */
  show() {
    if (!this.many) {
      const [value] = this.values;
      this.input.value = value === undefined ? "" : this.label(value);
      return;
    }
    fill(this.chosen, this.values.map((value) => h("li", { class: "chip" }, this.label(value),
      h("button", { type: "button", "aria-label": t("combo.remove", { name: this.label(value) }), on: { click: () => this.remove(value) } }, "×"))));
  }

  label(value) {
    return this.options().find((option) => option.value === value)?.label ?? value;
  }

  set(values) {
    this.values = [...values];
    this.unknown = false;
    this.show();
  }

  remove(value) {
    this.set(this.values.filter((each) => each !== value));
    this.change(this.values);
    this.focus();
  }

  search() {
    this.unknown = false;
    const left = this.options().filter((option) => !this.many || !this.values.includes(option.value));
    this.found = matching(left, this.typed());
    this.active = this.found.length && !this.free ? 0 : -1;
    fill(this.list, this.found.map((option, place) => h("li", {
      role: "option", id: `${this.list.id}-${place}`, "aria-selected": String(place === this.active),
      on: { pointerdown: (event) => { event.preventDefault(); this.choose(option); } },
    }, h("span", {}, option.label), option.beside ? h("span", { class: "beside" }, option.beside) : null)));
    this.open(this.found.length > 0);
  }

  /** What is typed; the label of what is chosen is no search. */
  typed() {
    const text = this.input.value;
    return !this.many && this.values.length && text === this.label(this.values[0]) ? "" : text;
  }

  open(yes) {
    this.list.hidden = !yes;
    this.input.setAttribute("aria-expanded", String(yes));
    this.mark();
  }

  mark() {
    [...this.list.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === this.active)));
    const current = this.list.hidden ? null : this.list.children[this.active];
    if (current) {
      this.input.setAttribute("aria-activedescendant", current.id);
      current.scrollIntoView({ block: "nearest" });
    } else {
      this.input.removeAttribute("aria-activedescendant");
    }
  }

  key(event) {
    const opened = !this.list.hidden;
    const acts = event.ctrlKey || event.metaKey || event.altKey;
    if ((event.key === "ArrowDown" || event.key === "ArrowUp") && !acts) {
      event.preventDefault();
      if (!opened) this.search();
      else this.move(event.key === "ArrowDown" ? 1 : -1);
    } else if (event.key === "Enter" && !acts && (opened || (this.free && this.typed()))) {
      event.preventDefault();
      if (this.found[this.active]) this.choose(this.found[this.active]);
      else this.take();
    } else if (event.key === "," && this.free) {
      event.preventDefault();
      this.take();
    } else if (event.key === "Escape" && opened) {
      event.preventDefault();
      this.open(false);
    } else if (event.key === "Backspace" && this.many && !this.input.value && this.values.length) {
      this.remove(this.values.at(-1));
    }
  }

  move(by) {
    const first = this.active < 0 && by < 0 ? 0 : this.active;
    this.active = this.found.length ? (first + by + this.found.length) % this.found.length : -1;
    this.mark();
  }

  choose(option) {
    this.unknown = false;
    this.values = this.many ? [...this.values, option.value] : [option.value];
    if (this.many) this.input.value = "";
    this.show();
    this.open(false);
    this.change(this.values);
  }

  /** Take the text that stands there: what it names, or itself where any text may be. */
  take() {
    const text = this.input.value.trim();
    const exact = this.options().find((option) => fold(option.label) === fold(text) || option.value === text);
    if (exact && !this.values.includes(exact.value)) this.choose(exact);
    else if (this.free && text && !this.values.includes(this.tidy(text))) this.choose({ value: this.tidy(text) });
    else if (this.free) this.input.value = "";
    else this.unknown = true;
  }

  /** Leaving the field: a text that names something is taken; one that names nothing stays there to be seen. */
  leave() {
    const text = this.input.value.trim();
    if (!text && !this.many && this.values.length) {
      this.values = [];
      this.change(this.values);
    } else if (text && (this.many || text !== this.label(this.values[0]))) {
      if (!this.many) this.values = [];
      this.take();
      this.change(this.values);
    }
    this.open(false);
  }
}
