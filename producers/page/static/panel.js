// "Before you send": what is still missing, and what the rules would do with the report, as far as its writer may know.

import { ask } from "/static/js/api.js";
import { priorityBadge } from "/static/js/badges.js";
import { fill, h } from "/static/js/dom.js";
import { number, pick, t } from "/static/js/words.js";
import { eventOf } from "./event.js";

/** How long nothing must change before the rules are asked, in milliseconds. */
const PAUSE = 800;
const MOST_MISSING = 6;

/** The panel of one form. `goTo(pointer)` leads to a field; `nameOf(pointer)` is what it is called. */
export class Panel {
  constructor({ record, form, goTo, nameOf }) {
    Object.assign(this, { record, form, goTo, nameOf, timer: null, asked: 0 });
    this.body = h("div", { class: "stack", "aria-live": "polite" });
    this.element = h("section", { class: "card panel", "aria-label": t("before.title") }, h("h2", {}, t("before.title")), this.body);
  }

  /** Something changed: ask soon, if nothing is missing. `faults` are those that the browser sees. */
  changed(faults) {
    clearTimeout(this.timer);
    this.asked += 1;
    if (faults.length) this.#missing(faults.map(({ pointer }) => pointer));
    else this.timer = setTimeout(() => this.look(), PAUSE);
  }

  /** Ask the gateway now; gives what it finds wrong: [{code, pointer, remedy_sv, remedy_en}]. */
  async look() {
    clearTimeout(this.timer);
    const question = (this.asked += 1);
    this.body.setAttribute("aria-busy", "true");
    try {
      const told = await ask("/publish/preview", { method: "POST", body: eventOf(this.record, this.form) });
      if (question === this.asked) this.#tell(told);
      return told.errors;
    } catch (problem) {
      if (question === this.asked) this.#unasked(problem);
      return [];
    } finally {
      this.body.removeAttribute("aria-busy");
    }
  }

  close() {
    clearTimeout(this.timer);
    this.asked += 1;
  }

  #missing(pointers) {
    const places = [...new Set(pointers)];
    fill(this.body, h("p", { class: "quiet" }, t("before.missing", { n: places.length })), this.#links(places));
  }

  #links(pointers) {
    return h("ul", { class: "links" }, pointers.slice(0, MOST_MISSING).map((pointer) => h("li", {},
      h("button", { class: "plain link", type: "button", on: { click: () => this.goTo(pointer) } }, this.nameOf(pointer)))));
  }

  #unasked(problem) {
    const why = problem.code === "OFFLINE" ? "before.offline" : problem.status === 401 ? "before.out" : "before.away";
    fill(this.body, h("p", { class: "notice" }, t(why)));
  }

  #tell({ errors, told }) {
    if (!told) {
      fill(this.body, h("p", { class: "notice bad" }, t("before.wrong", { n: errors.length })), this.#links([...new Set(errors.map(({ pointer }) => pointer))]));
      return;
    }
    fill(this.body, headline(told), counts(told.reached), withheld(told.withheld), rules(told.shared), later(told.decided_later),
      h("p", { class: "small quiet" }, t("before.pack", { pack: told.pack_version })));
  }
}

function headline({ desks, kept_from: kept, priority }) {
  const words = desks ? t("before.reaches", { n: number(desks) }) : t("before.stays");
  return h("div", { class: `notice ${desks ? "good" : "warn"}` }, h("strong", { class: "reach" }, words),
    priority ? priorityBadge(priority) : null, kept && !desks ? h("span", {}, t("before.kept", { n: number(kept) })) : null);
}

function counts(reached) {
  if (!reached.length) return null;
  return h("table", { class: "table" }, h("caption", { class: "sr-only" }, t("before.who")), h("thead", { class: "sr-only" }, h("tr", {},
    h("th", { scope: "col" }, t("before.level")), h("th", { scope: "col", class: "num" }, t("before.desks")))),
  h("tbody", {}, reached.map(({ level, function: task, desks }) => h("tr", {},
    h("td", {}, t(`level.${level}`), h("span", { class: "quiet" }, ` · ${t(`function.${task}`)}`)), h("td", { class: "num" }, number(desks))))));
}

function withheld(lines) {
  if (!lines.length) return null;
  return h("div", { class: "stack tight" }, h("h3", {}, t("before.withheld")), byRule(lines).map(({ rule, title, desks }) =>
    h("p", { class: "notice warn small" }, h("strong", {}, rule), h("span", {}, title), h("span", { class: "num" }, t("before.desks_n", { n: number(desks) })))));
}

function rules(lines) {
  if (!lines.length) return null;
  return h("details", {}, h("summary", {}, t("before.rules")), h("ul", { class: "plainlist small" }, byRule(lines).map(({ rule, title, desks }) =>
    h("li", {}, h("strong", {}, rule), ` ${title} `, h("span", { class: "quiet num" }, t("before.desks_n", { n: number(desks) }))))));
}

function later(names) {
  if (!names.length) return null;
  return h("div", {}, h("h3", {}, t("before.later")), h("ul", { class: "plainlist small quiet" }, names.map((name) => h("li", {}, t(`later.${name}`)))));
}

/** Lines summed by rule: a desk is in one line of each rule. */
function byRule(lines) {
  const found = new Map();
  for (const line of lines) {
    const held = found.get(line.rule) ?? { rule: line.rule, title: pick([line.title_sv, line.title_en]), desks: 0 };
    found.set(line.rule, { ...held, desks: held.desks + line.desks });
  }
  return [...found.values()];
}
