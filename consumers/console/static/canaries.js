// Canaries: for each rule, whether its marked test events last arrived in time, and whether others stayed away.

import { h } from "/static/js/dom.js";
import { number, t } from "/static/js/words.js";
import { duration, redraw, secondsSince, section, sign } from "./figures.js";
import { rule } from "./names.js";

const STATES = { ok: "good", late: "bad", leaked: "bad", waiting: "none" };

export class Canaries {
  constructor(live) {
    Object.assign(this, { live, faults: false });
    this.element = h("div", { class: "stack" });
  }

  show() {
    this.draw();
  }

  draw() {
    const part = this.live.told?.parts?.canaries;
    if (!part) {
      redraw(this.element, section("canaries.title", h("p", { class: "empty" }, t("canaries.none"))));
      return;
    }
    const rules = [...byRule(part.rules ?? [])];
    const shown = this.faults ? rules.filter(([, ways]) => Object.values(ways).some((each) => STATES[each.last] === "bad")) : rules;
    const counted = part.counted ?? {};
    redraw(this.element, section("canaries.title",
      h("p", { class: "quiet" }, t("canaries.what")),
      h("div", { class: "row" },
        ["sent", "arrived", "late", "leaked"].map((each) => h("span", { class: `badge ${counted[each] && (each === "late" || each === "leaked") ? "bad" : ""}` }, t(`canaries.${each}`), " ", number(counted[each] ?? 0))),
        h("span", { class: "fill" }),
        h("label", { class: "check" }, h("input", { type: "checkbox", checked: this.faults, dataset: { key: "faults" }, on: { change: (event) => { this.faults = event.target.checked; this.draw(); } } }), t("canaries.faults"))),
      shown.length
        ? h("ul", { class: "matrix" }, shown.map(([id, ways]) => h("li", {}, h("span", { class: "rule" }, h("strong", { class: "mono" }, id), h("span", { class: "small" }, rule(id))), cell("arrive", ways.arrive), cell("never", ways.never))))
        : h("p", { class: "empty" }, t("canaries.no_faults"))));
  }
}

function cell(direction, each) {
  const state = STATES[each?.last] ?? "none";
  const text = !each ? t("canaries.no_case") : t(`canary.${each.last}`);
  const beside = each?.last === "ok" && direction === "arrive" && each.seconds !== null ? duration(each.seconds) : null;
  return h("span", { class: `way ${state}`, title: each?.case ?? null },
    h("span", { class: "small" }, t(`canaries.${direction}`)),
    h("span", {}, h("span", { "aria-hidden": "true" }, sign(state)), " ", text, beside ? ` ${beside}` : null),
    each?.at ? h("span", { class: "small" }, t("ops.ago", { n: duration(secondsSince(each.at)) })) : null);
}

function byRule(rows) {
  const found = new Map();
  for (const row of [...rows].sort((a, b) => a.rule.localeCompare(b.rule, "en", { numeric: true }))) {
    found.set(row.rule, { ...found.get(row.rule), [row.direction]: row });
  }
  return found;
}
