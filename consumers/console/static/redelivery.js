// Delivering again: whose readers, from when; what that would be and to whom; then done, with a reason on record.

import { ask } from "/static/js/api.js";
import { Combobox } from "/static/js/combobox.js";
import { fill, h, uid } from "/static/js/dom.js";
import { toast } from "/static/js/toast.js";
import { number, t } from "/static/js/words.js";
import { clock, section, stateBadge, table } from "./figures.js";
import { desk, type } from "./names.js";
import { failed, fault } from "./said.js";

const SINCE = ["15m", "1h", "6h", "1d", "3d", "7d"];
const LEAST_REASON = 8;

export class Redelivery {
  constructor(acts) {
    Object.assign(this, { acts, desk: null, since: "1h", desks: [], preview: h("div", { class: "stack" }), before: h("div", {}) });
    this.form = h("div", {});
    this.element = h("div", { class: "stack" }, section("again.title", h("p", { class: "quiet" }, t("again.what")), this.form), this.preview, section("again.before", this.before));
    acts.addEventListener("acts", () => this.history());
  }

  async show() {
    this.history();
    try {
      const { desks } = await ask("/v1/operations/desks");
      this.desks = desks.map((each) => ({ value: each.desk, label: desk(each.desk), beside: each.desk }));
      this.ask();
    } catch (problem) {
      fill(this.form, fault(problem));
    }
  }

  ask() {
    const [which, from] = [uid("desk"), uid("since")];
    const box = new Combobox({ ids: { input: which }, required: true, options: () => this.desks, values: this.desk ? [this.desk] : [], change: (values) => { [this.desk] = values; fill(this.preview); } });
    fill(this.form, h("form", { class: "asking", on: { submit: (event) => { event.preventDefault(); this.look(); } } },
      h("div", { class: "field" }, h("label", { for: which }, t("again.desk")), box.element),
      h("div", { class: "field" }, h("label", { for: from }, t("again.since")),
        h("select", { class: "input", id: from, on: { change: (event) => { this.since = event.target.value; fill(this.preview); } } }, SINCE.map((each) => h("option", { value: each, selected: this.since === each }, t(`again.${each}`))))),
      h("button", { class: "button main", type: "submit" }, t("again.look"))));
  }

  async look() {
    if (!this.desk) return;
    try {
      const found = await ask("/v1/operations/redelivery/preview", { method: "POST", body: { desk: this.desk, since: this.since } });
      this.previewed(found);
    } catch (problem) {
      fill(this.preview, fault(problem));
    }
  }

  previewed(found) {
    const chosen = new Set(found.readers.filter((each) => each.goes_back).map((each) => each.subscription));
    const reason = h("input", { class: "input", id: uid("reason"), required: true, minlength: LEAST_REASON, maxlength: 200, autocomplete: "off" });
    const go = h("button", { class: "button main", type: "submit", disabled: !chosen.size || !found.deliveries }, t("again.do", { n: number(found.deliveries) }));
    const pick = (id, on) => { chosen[on ? "add" : "delete"](id); go.disabled = !chosen.size || !found.deliveries; };
    fill(this.preview, section("again.preview",
      h("p", {}, h("strong", {}, t("again.would", { n: `${found.exact ? "" : "≥ "}${number(found.deliveries)}`, desk: desk(this.desk) })), " ", t("again.from"), " ", clock(found.since), ". ",
        found.withdrawn ? t("again.withdrawn", { n: number(found.withdrawn) }) : null),
      h("p", { class: "small quiet" }, h("code", {}, `${found.topic}:${found.partition} ${found.begin}–${found.end}`)),
      h("div", { class: "beside" },
        table(t("again.by_type"), [{ word: "again.type", cell: ([name]) => type(name) }, { word: "again.count", num: true, cell: ([, count]) => number(count) }], Object.entries(found.by_type)),
        table(t("again.readers"), [
          { word: "again.reader", cell: (each) => h("label", { class: "check" }, h("input", { type: "checkbox", checked: chosen.has(each.subscription), disabled: !each.goes_back, on: { change: (event) => pick(each.subscription, event.target.checked) } }), h("code", {}, each.subscription.slice(0, 12))) },
          { word: "again.streams", num: true, cell: (each) => (each.streams ? stateBadge("good", number(each.streams)) : "0") },
          { word: "again.committed", cell: (each) => clock(each.committed_at) },
          { word: "again.effect", cell: (each) => t(each.goes_back ? (each.streams ? "again.at_once" : "again.when_it_comes") : "again.not_so_far") },
        ], found.readers, { none: "again.no_readers" })),
      h("form", { class: "asking", on: { submit: (event) => { event.preventDefault(); this.give(found, [...chosen], reason.value); } } },
        h("div", { class: "field grow" }, h("label", { for: reason.id }, t("again.reason")), reason, h("span", { class: "help" }, t("again.reason_help"))),
        go)));
  }

  async give(found, subscriptions, reason) {
    try {
      const done = await ask("/v1/operations/redelivery", { method: "POST", body: { desk: this.desk, since: found.since, subscriptions, deliveries: found.deliveries, reason } });
      toast(t("again.done", { n: number(done.deliveries), readers: number(done.readers), streams: number(done.streams) }));
      fill(this.preview);
      await this.acts.load();
    } catch (problem) {
      failed(problem);
    }
  }

  history() {
    const done = this.acts.known.acts.filter((act) => act.kind === "redelivered");
    fill(this.before, table(t("again.before_caption"), [
      { word: "again.at", cell: (act) => clock(act.at) },
      { word: "again.by", cell: (act) => (act.mine ? t("ops.you") : desk(act.desk)) },
      { word: "again.desk", cell: (act) => desk(act.about_desk) },
      { word: "again.since", cell: (act) => clock(act.since) },
      { word: "again.count", num: true, cell: (act) => number(act.count) },
      { word: "again.reason", cell: (act) => act.reason },
    ], done, { none: "again.none_before" }));
  }
}
