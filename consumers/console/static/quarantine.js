// Quarantine: what waits, grouped by cause, origin or type; sent again or dropped in bulk, each looked at before it is done.

import { ask, Problem } from "/static/js/api.js";
import { fill, h, uid } from "/static/js/dom.js";
import { pref } from "/static/js/prefs.js";
import { sheet } from "/static/js/dialog.js";
import { toast } from "/static/js/toast.js";
import { number, t } from "/static/js/words.js";
import { clock, redraw, section, stateBadge, table } from "./figures.js";
import { Loaded } from "./loaded.js";
import { desk, type } from "./names.js";
import { failed, told } from "./said.js";

const BY = ["cause", "origin", "type"];
/** So many records of a group are listed. */
const LISTED = 50;
/** A bulk is worked on in bounded calls; more than this are not made for one. */
const MOST_CALLS = 1000;
const LEAST_REASON = 8;

export class Quarantine {
  constructor() {
    Object.assign(this, { by: "cause", chosen: null, records: h("div", {}) });
    this.loaded = new Loaded(() => `/v1/quarantine/groups?by=${this.by}`, (answer) => this.drawn(answer));
    this.element = h("div", { class: "stack" }, this.loaded.element, this.records);
  }

  show() {
    this.loaded.show();
    this.list();
  }

  hide() {
    this.loaded.hide();
  }

  drawn({ total, groups }) {
    return section("quarantine.title",
      h("div", { class: "row" }, h("fieldset", { class: "field" }, h("legend", {}, t("quarantine.by")),
        h("div", { class: "choices" }, BY.map((each) => h("label", {}, h("input", { type: "radio", name: "quarantine-by", value: each, checked: this.by === each, dataset: { key: `by:${each}` }, on: { change: () => this.group(each) } }), t(`quarantine.${each}`))))),
      h("span", { class: "fill" }), stateBadge(total ? "warn" : "good", t("quarantine.total", { n: number(total) }))),
      table(t("quarantine.caption"), [
        { word: `quarantine.${this.by}`, cell: (group) => [this.name(group.key), group.remedy_sv ? [h("br"), h("span", { class: "small quiet" }, pref("lang") === "en" ? group.remedy_en : group.remedy_sv)] : null] },
        { word: "quarantine.count", num: true, cell: (group) => number(group.count) },
        { word: "quarantine.origins", num: true, cell: (group) => number(group.origins) },
        { word: "quarantine.first", cell: (group) => clock(group.first) },
        { word: "quarantine.last", cell: (group) => clock(group.last) },
        { word: "", cell: (group) => this.buttons(group) },
      ], groups, { none: "quarantine.none", key: (group) => group.key }));
  }

  name(key) {
    if (this.by === "origin") return key === "unproven" ? t("quarantine.unproven") : [desk(key), " ", h("code", { class: "small" }, key)];
    return this.by === "type" ? type(key) : h("code", {}, key);
  }

  buttons(group) {
    const button = (word, run, kind = "") => h("button", { class: `button ${kind}`, type: "button", dataset: { key: `${word}:${group.key}` }, "aria-label": `${t(`quarantine.${word}`)}: ${group.key}`, "aria-expanded": word === "look" ? String(this.chosen === group.key) : null, on: { click: run } }, t(`quarantine.${word}`));
    const select = { [this.by]: group.key };
    return h("div", { class: "row tight" }, button("look", () => this.choose(group.key)), button("retry", () => this.bulk("retry", select, group.key)), button("drop", () => this.bulk("drop", select, group.key), "danger"));
  }

  group(by) {
    Object.assign(this, { by, chosen: null });
    fill(this.records);
    this.loaded.load();
  }

  choose(key) {
    this.chosen = this.chosen === key ? null : key;
    this.loaded.again();
    this.list();
  }

  async list() {
    if (this.chosen === null) return fill(this.records);
    try {
      const asked = new URLSearchParams({ [this.by]: this.chosen, limit: LISTED });
      const { items, total } = await ask(`/v1/quarantine?${asked}`);
      return redraw(this.records, section("quarantine.records", table(t("quarantine.of", { key: this.chosen, n: number(total) }), RECORD, items, { none: "quarantine.none", key: (each) => each.place })));
    } catch (problem) {
      return failed(problem);
    }
  }

  /** Look at what a bulk would do, then do it, a bounded number at a time until nothing is left. */
  async bulk(word, select, name) {
    let preview;
    try {
      preview = await ask(`/v1/quarantine/${word}`, { method: "POST", body: { select, preview: true, ...(word === "drop" ? { reason: t("quarantine.looking") } : {}) } });
    } catch (problem) {
      failed(problem);
      return;
    }
    const done = await sheet(t(`quarantine.${word}_title`), (close) => new Bulk(word, { ...select, until: preview.until }, preview, name, close).element, { wide: true });
    if (done) {
      toast(t("quarantine.done", { done: number(done.done), refused: number(done.refused) }));
      this.loaded.load();
      this.list();
    }
  }
}

const RECORD = [
  { word: "quarantine.place", cell: (each) => h("code", {}, each.place) },
  { word: "quarantine.at", cell: (each) => clock(each.at) },
  { word: "quarantine.origin", cell: (each) => (each.origin ? desk(each.origin) : t("quarantine.unproven")) },
  { word: "quarantine.type", cell: (each) => (each.event_type ? type(each.event_type) : "–") },
  { word: "quarantine.cause", cell: (each) => each.problems.map((problem) => [h("code", {}, `${problem.code} ${problem.pointer}`), h("br")]) },
  { word: "quarantine.source", cell: (each) => h("code", {}, each.source) },
  { word: "quarantine.size", num: true, cell: (each) => `${number(each.size)} B` },
];

/** What a bulk would do, and its doing. */
class Bulk {
  constructor(word, select, preview, name, close) {
    Object.assign(this, { word, select, preview, close, said: h("p", { role: "status" }), id: uid("reason") });
    this.reason = word === "drop" ? h("input", { class: "input", id: this.id, required: true, minlength: LEAST_REASON, maxlength: 200, autocomplete: "off" }) : null;
    this.go = h("button", { class: word === "drop" ? "button danger" : "button main", type: "submit", disabled: preview.count === 0 }, t(`quarantine.${word}_n`, { n: number(preview.count) }));
    this.element = h("form", { class: "stack", on: { submit: (event) => { event.preventDefault(); this.run(); } } },
      h("p", {}, t(`quarantine.${word}_what`, { key: name, n: number(preview.count) })),
      preview.not_possible ? h("p", { class: "notice warn" }, t("quarantine.not_possible", { n: number(preview.not_possible) })) : null,
      counts("quarantine.cause", preview.by_cause, (key) => h("code", {}, key)),
      counts("quarantine.origin", preview.by_origin, (key) => (key === "unproven" ? t("quarantine.unproven") : desk(key))),
      this.reason ? h("div", { class: "field" }, h("label", { for: this.id }, t("quarantine.reason")), this.reason, h("span", { class: "help" }, t("quarantine.reason_help"))) : null,
      this.said,
      h("div", { class: "actions" }, h("button", { class: "button", type: "button", on: { click: () => close(null) } }, t("ops.cancel")), this.go));
  }

  async run() {
    this.go.disabled = true;
    const sum = { done: 0, refused: 0 };
    const body = { select: this.select, preview: false, ...(this.reason ? { reason: this.reason.value } : {}) };
    try {
      for (let call = 0; call < MOST_CALLS; call += 1) {
        const answer = await ask(`/v1/quarantine/${this.word}`, { method: "POST", body });
        sum.done += answer.done;
        sum.refused += answer.refused ?? 0;
        body.after = answer.next;
        this.said.textContent = t("quarantine.doing", { done: number(sum.done), left: number(answer.left) });
        if (!answer.left || !answer.next) break;
      }
      this.close(sum);
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      this.said.textContent = told(problem);
      this.go.disabled = false;
    }
  }
}

function counts(word, by, name) {
  return table(t(word), [{ word, cell: ([key]) => name(key) }, { word: "quarantine.count", num: true, cell: ([, count]) => number(count) }], Object.entries(by ?? {}));
}
