// The column beside the form: drafts, what waits and what was sent, and what came back; where it is all kept.

import { fill, h } from "/static/js/dom.js";
import { ago, timeElement } from "/static/js/time.js";
import { number, t } from "/static/js/words.js";

/** Draws the lists. `on` has open(record), mend(returned), look(record), drop(record). */
export class Lists {
  constructor(on, titleOf) {
    Object.assign(this, { on, titleOf });
    this.element = h("aside", { class: "lists stack", "aria-label": t("lists.title") });
  }

  draw({ outbox, returned, open, locked }) {
    this.element.setAttribute("aria-label", t("lists.title"));
    if (locked) {
      fill(this.element, h("p", { class: "notice warn" }, t("lists.locked")), kept());
      return;
    }
    const refused = outbox.of("refused");
    const seen = new Set(outbox.records.keys());
    const back = returned.filter(({ event_id: id }) => !seen.has(id));
    fill(this.element,
      this.#group("lists.back", [...refused.map((record) => this.#refused(record, open)), ...back.map((each) => this.#returned(each))], "bad"),
      this.#group("lists.drafts", outbox.of("draft").map((record) => this.#draft(record, open))),
      this.#group("lists.sent", outbox.of("queued", "sent").map((record) => this.#sent(record))),
      outbox.records.size + back.length ? null : h("p", { class: "quiet small" }, t("lists.none")),
      kept());
  }

  #group(word, items, tone = "") {
    if (!items.length) return null;
    return h("section", { class: "stack tight" }, h("h2", { class: "small" }, t(word), " ", h("span", { class: `badge ${tone}` }, number(items.length))),
      h("ul", { class: "plainlist stack tight" }, items));
  }

  #entry(record, open, ...beside) {
    return h("li", {}, h("button", {
      class: "entry", type: "button", "aria-current": open === record.id ? "true" : null, on: { click: () => this.on.open(record) },
    }, h("span", { class: "what" }, this.titleOf(record.type)), record.label ? h("span", { class: "small label" }, record.label) : null,
    h("span", { class: "small quiet" }, ...beside)));
  }

  #draft(record, open) {
    return this.#entry(record, open, t("lists.saved", { when: ago(record.changed) }));
  }

  #refused(record, open) {
    return this.#entry(record, open, h("span", { class: "badge bad" }, t("lists.faults", { n: record.problems.length })), " ", timeElement(record.changed, { date: false }));
  }

  #returned(each) {
    const action = h("button", { class: "entry", type: "button", on: { click: () => this.on.mend(each) } },
      h("span", { class: "what" }, this.titleOf(each.event_type)),
      h("span", { class: "small quiet" }, h("span", { class: "badge bad" }, t("lists.quarantine")), " ", timeElement(each.at)));
    return h("li", { dataset: { event: each.event_id ?? "" } }, action);
  }

  #sent(record) {
    const [tone, words] = stateOf(record);
    return h("li", { class: "entry still" }, h("span", { class: "what" }, this.titleOf(record.type)),
      h("span", { class: "small quiet" }, h("span", { class: `badge ${tone}` }, words), " ", timeElement(record.sent ?? record.changed, { date: false })));
  }
}

/** What a report that was sent has come to: tone and words. */
function stateOf({ state, outcome }) {
  if (state === "queued") return ["warn", t("state.queued")];
  if (!outcome) return ["", t("state.taken")];
  if (outcome.outcome === "origin_only") return ["warn", t("state.own")];
  if (outcome.outcome === "shared") return ["good", t("state.shared", { n: number(outcome.desks) })];
  return ["", t("state.known")];
}

function kept() {
  return h("details", { class: "small quiet" }, h("summary", {}, t("kept.title")), h("ul", { class: "kept" },
    ["kept.drafts", "kept.sent", "kept.returned", "kept.out", "kept.numbers"].map((word) => h("li", {}, t(word)))));
}
