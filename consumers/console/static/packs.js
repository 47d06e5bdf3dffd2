// The life of the rule pack: which one runs, and every step, with what became of it.

import { h } from "/static/js/dom.js";
import { number, t } from "/static/js/words.js";
import { clock, section, stateBadge, table } from "./figures.js";
import { Loaded } from "./loaded.js";

export class Packs {
  constructor() {
    this.loaded = new Loaded("/v1/operations/packs", drawn);
    this.element = this.loaded.element;
  }

  show() {
    this.loaded.show();
  }

  hide() {
    this.loaded.hide();
  }
}

function drawn({ running, rules, since, before, steps }) {
  return section("packs.title",
    h("dl", { class: "figures" },
      h("div", {}, h("dt", {}, t("packs.running")), h("dd", {}, h("code", {}, running))),
      h("div", {}, h("dt", {}, t("packs.rules")), h("dd", { class: "num" }, number(rules))),
      h("div", {}, h("dt", {}, t("packs.since")), h("dd", {}, since ? clock(since) : t("packs.from_start"))),
      h("div", {}, h("dt", {}, t("packs.before")), h("dd", {}, before.length ? h("code", {}, before[0]) : "–"))),
    table(t("packs.caption"), [
      { word: "packs.at", cell: (step) => clock(step.at) },
      { word: "packs.step", cell: (step) => t(`pack.${step.action}`) },
      { word: "packs.version", cell: (step) => h("code", {}, step.version) },
      { word: "packs.signed", num: true, cell: (step) => number(step.signatures) },
      { word: "packs.outcome", cell: (step) => (step.refused ? stateBadge("bad", `${t("packs.refused")} ${step.refused}`) : stateBadge("good", t(step.version === running && step.action !== "proposed" ? "packs.runs" : "packs.taken"))) },
    ], steps, { none: "packs.none" }));
}
