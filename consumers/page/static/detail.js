// One card whole: its reports, each with its own worth; what ties them; why it is here; what can be done about it.

import { fill, h } from "/static/js/dom.js";
import { timeElement } from "/static/js/time.js";
import { gradeBadge, handlingBadge, priorityBadge, sensitivityBadge } from "/static/js/badges.js";
import { number, t } from "/static/js/words.js";
import { factList, textOf } from "./facts.js";
import { desk, feature, rule, type } from "./names.js";
import { originTree } from "./origins.js";

export class Detail {
  constructor(state, actions) {
    Object.assign(this, { state, actions, drawn: null });
    this.element = h("section", { class: "detail", "aria-label": t("cards.card"), tabindex: "0" });
    state.on("chosen", () => this.draw());
    state.on("cards", () => this.again());
    this.draw();
  }

  /** Draw anew only when the chosen card is another than the one that is drawn. */
  again() {
    if (this.state.chosen !== null && this.state.cards.get(this.state.chosen) !== this.drawn) this.draw();
  }

  draw() {
    const card = this.state.chosen === null ? null : this.state.cards.get(this.state.chosen) ?? null;
    this.drawn = card;
    if (!card) {
      fill(this.element, h("p", { class: "empty" }, t("cards.choose")));
      return;
    }
    const first = card.reports[0];
    fill(this.element,
      h("header", { class: "stack" },
        h("div", { class: "row" },
          card.priority ? priorityBadge(card.priority) : null,
          h("h2", {}, type(first.event_type)),
          card.synthetic ? h("span", { class: "badge" }, t("cards.synthetic")) : null,
          h("span", { class: "fill" }), timeElement(card.newest_at)),
        card.priority_reason ? h("p", { class: "quiet small" }, card.priority_reason) : null,
        this.worth(card)),
      this.actions.bar(card),
      card.reports.map((report) => this.report(card, report)),
      this.ties(card),
      h("details", { class: "more" }, h("summary", {}, t("cards.tree")), originTree(card)));
  }

  worth(card) {
    if (card.reports.length < 2) return null;
    const sources = card.sources > 1 ? t("cards.independent", { n: number(card.sources) }) : t("cards.no_confirmation");
    return h("p", { class: card.same_origin.length ? "notice warn" : "notice" },
      h("strong", {}, t("cards.one_event", { n: card.reports.length })), sources,
      card.same_origin.length ? h("span", { class: "badge warn" }, t("cards.same_origin")) : null);
  }

  report(card, report) {
    const withdrawn = ["restricted", "recalled", "erased"].includes(report.standing);
    const head = h("header", {},
      h("div", { class: "row" },
        h("h3", {}, desk(report.origin)), gradeBadge(report.grading), report.handling ? handlingBadge(report.handling) : null,
        report.sensitivity === null ? null : sensitivityBadge(report.sensitivity),
        report.marks.map((mark) => h("span", { class: "badge warn" }, t(`mark.${mark}`)))),
      h("span", { class: "quiet small" }, type(report.event_type), report.revision > 1 ? ` · ${t("cards.revision", { n: report.revision })}` : "", " · ", timeElement(report.published_at)));
    const content = withdrawn
      ? h("p", { class: "notice bad", role: "status" }, h("strong", {}, t(`standing.${report.standing}`)), t("cards.gone"))
      : report.views.map((view) => [
        report.handling_text ? h("p", { class: "notice warn" }, report.handling_text) : null,
        textOf(view.event) ? h("p", { class: "text" }, textOf(view.event)) : null,
        factList(view.event)]);
    return h("article", { class: "card report", dataset: { event: report.event_id } }, head, content,
      report.pointers.map((pointer) => h("p", { class: "notice" }, t("cards.pointer", {
        kinds: pointer.kinds.map(feature).join(", "), contact: desk(pointer.contact), ref: pointer.pointer_ref }))),
      report.former.length ? h("details", {}, h("summary", {}, t("cards.former", { n: report.former.length })),
        h("ul", {}, report.former.map((each) => h("li", { class: "small" }, t("cards.revision", { n: each.revision }), " ", timeElement(each.published_at), " ", gradeBadge(each.grading))))) : null,
      withdrawn ? null : this.why(report));
  }

  /** What the delivery itself says of why it is here; the ledger's word is asked for by the button. */
  why(report) {
    const meta = report.views[0]?.meta;
    if (!meta) return null;
    const told = h("div", { class: "told" });
    return h("details", { class: "why" }, h("summary", {}, t("cards.why")),
      h("dl", { class: "facts" },
        [[t("cards.rules"), meta.rules.map(rule).join("; ")], [t("cards.reason"), meta.priority_reason],
          [t("cards.feed"), meta.feed], [t("cards.view"), meta.view.join(", ")],
          [t("cards.duties"), meta.obligations.join(", ") || "–"], [t("cards.pack"), meta.pack_version]]
          .map(([label, said]) => [h("dt", {}, label), h("dd", {}, said)])),
      h("button", { class: "button low", type: "button", on: { click: () => this.actions.explain(report.event_id, told) } }, t("cards.ledger")),
      told, h("p", { class: "quiet small mono" }, report.event_id));
  }

  ties(card) {
    const all = [...card.joins, ...card.links];
    if (!all.length) return null;
    return h("section", { class: "stack" }, h("h3", {}, t("cards.ties")), all.map((tie) => h("div", { class: "card tie" },
      h("p", {}, h("strong", {}, t(`relation.${tie.relation}`)), " · ", t("cards.found_by", { who: tie.by === "bus" ? t("cards.bus") : tie.by }),
        tie.features.length ? ` · ${tie.features.map(feature).join(", ")}` : "", tie.score === null ? "" : ` · ${number(tie.score)}`,
        tie.same_origin ? h("span", { class: "badge warn" }, t("cards.same_origin")) : null),
      tie.reason ? h("p", { class: "quiet" }, tie.reason) : null,
      h("p", { class: "row small" }, [tie.one, tie.other].map((end) => this.end(end))),
      h("div", { class: "row" },
        h("button", { class: "button", type: "button", on: { click: () => this.actions.link(tie, "confirmed") } }, t("cards.confirm_link")),
        h("button", { class: "button", type: "button", on: { click: () => this.actions.link(tie, "rejected") } }, t("cards.split_link"))))));
  }

  end(id) {
    const other = this.state.card(id);
    if (!other || other.card_id === this.state.chosen) return h("span", { class: "mono quiet" }, id.slice(0, 8));
    return h("button", { class: "button low", type: "button", on: { click: () => this.state.choose(other.card_id) } }, t("cards.open_other", { what: type(other.reports[0].event_type) }));
  }
}

/** What the ledger knows of an event for this desk, as an element. */
export function explained(answer) {
  return answer.decisions.map((decision) => h("div", { class: "card small" },
    h("p", {}, timeElement(decision.published_at), " · ", decision.pack_version ?? ""),
    decision.own.map((own) => h("p", {}, own.rules.map(rule).join("; "), " → ", own.feed, " · ", own.view.join(", "))),
    decision.publisher ? h("p", {}, t("cards.reached", { n: decision.publisher.desks }), " ",
      decision.publisher.shared.map((each) => `${rule(each.rule)}: ${each.desks} ${t(`function.${each.function}`)}`).join("; ")) : null));
}
