// Audit: what became of an event and who has read it, by its id; and what operations did. Each search is on record.

import { ask } from "/static/js/api.js";
import { fill, h, uid } from "/static/js/dom.js";
import { number, t } from "/static/js/words.js";
import { clock, section, stateBadge, table } from "./figures.js";
import { desk, rule, type, value } from "./names.js";
import { fault } from "./said.js";

const AN_ID = "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}";

export class Audit {
  constructor(acts) {
    Object.assign(this, { acts, found: h("div", { class: "stack", "aria-live": "polite" }), done: h("div", {}) });
    this.element = h("div", { class: "stack" }, section("audit.title", h("p", { class: "quiet" }, t("audit.what")), this.form()), this.found, section("audit.acts", this.done));
    acts.addEventListener("acts", () => this.history());
  }

  show() {
    this.history();
    this.acts.load();
  }

  form() {
    const id = uid("event");
    const input = h("input", { class: "input mono", id, required: true, pattern: AN_ID, autocomplete: "off", spellcheck: "false", placeholder: "01a209f2-7e49-7630-b62d-6a4639bc8f59" });
    return h("form", { class: "asking", on: { submit: (event) => { event.preventDefault(); this.search(input.value.trim()); } } },
      h("div", { class: "field grow" }, h("label", { for: id }, t("audit.event")), input),
      h("button", { class: "button main", type: "submit" }, t("audit.search")));
  }

  async search(id) {
    fill(this.found, h("p", { class: "quiet" }, t("ops.loading")));
    const [event, reads] = await Promise.all([asked(`/v1/operations/events/${id}`, decisions), asked(`/v1/operations/events/${id}/reads`, readings)]);
    fill(this.found, section("audit.decisions", event), section("audit.reads", reads));
    this.acts.load();
  }

  history() {
    fill(this.done, table(t("audit.acts_caption"), [
      { word: "audit.at", cell: (act) => clock(act.at) },
      { word: "audit.by", cell: (act) => (act.mine ? t("ops.you") : desk(act.desk)) },
      { word: "audit.act", cell: (act) => t(`act.${act.kind}`) },
      { word: "audit.about", cell: (act) => (act.code ? h("code", {}, `${act.code} ${act.where}`) : act.event_id ? h("code", {}, act.event_id) : act.about_desk ? desk(act.about_desk) : "–") },
      { word: "audit.reason", cell: (act) => act.reason ?? "–" },
    ], this.acts.known.acts.slice(0, 100), { none: "audit.none_done" }));
  }
}

async function asked(address, draw) {
  try {
    return draw(await ask(address));
  } catch (problem) {
    return fault(problem);
  }
}

function decisions({ decisions: all }) {
  if (!all.length) return h("p", { class: "empty" }, t("audit.nothing"));
  return all.map(({ event_type: kind, revision, published_at: at, pack_version: pack, operator }) => h("article", { class: "decision stack" },
    h("p", { class: "row" }, h("strong", {}, type(kind)), h("span", { class: "badge" }, t("audit.revision", { n: revision })), stateBadge("none", value(operator.told.outcome)), clock(at), pack ? h("code", {}, pack) : null),
    h("p", { class: "small" }, t("audit.numbers", { desks: number(operator.told.desks), kept: number(operator.told.kept_from) }), " · ", h("code", {}, t("audit.place", { where: operator.where, lane: operator.lane ?? "–", number: operator.number ?? "–" }))),
    reach("audit.shared", operator.told.shared), reach("audit.withheld", operator.told.withheld)));
}

function reach(word, rows) {
  if (!rows.length) return h("p", { class: "small" }, h("strong", {}, t(word)), ": ", t("ops.none"));
  return table(t(word), [
    { word: "audit.rule", cell: (row) => [h("strong", { class: "mono" }, row.rule), " ", h("span", { class: "small" }, rule(row.rule))] },
    { word: "audit.level", cell: (row) => t(`level.${row.level}`) },
    { word: "audit.function", cell: (row) => t(`function.${row.function}`) },
    { word: "audit.desks", num: true, cell: (row) => number(row.desks) },
  ], rows);
}

function readings({ reads }) {
  return table(t("audit.reads_caption", { n: number(reads.length) }), [
    { word: "audit.desk", cell: (row) => desk(row.desk) },
    { word: "audit.subject", cell: (row) => h("code", {}, row.subject ?? "–") },
    { word: "audit.first", cell: (row) => clock(row.first_at) },
    { word: "audit.channel", cell: (row) => t(`channel.${row.channel ?? "stream"}`) },
    { word: "audit.purpose", cell: (row) => row.purpose ?? "–" },
    { word: "audit.gone", cell: (row) => (row.gone_at ? clock(row.gone_at) : "–") },
  ], reads, { none: "audit.unread" });
}
