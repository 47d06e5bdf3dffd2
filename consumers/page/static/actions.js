// What a desk says of a card: acknowledge, confirm a recall, feed back, ask the originator, confirm or part a link.

import { ask, Problem } from "/static/js/api.js";
import { fill, h, uid } from "/static/js/dom.js";
import { sheet } from "/static/js/dialog.js";
import { toast } from "/static/js/toast.js";
import { pick, t } from "/static/js/words.js";
import { bases, feedbackKinds, value } from "./names.js";
import { explained } from "./detail.js";
import { latest } from "./list.js";

export class Actions {
  constructor(state) {
    Object.assign(this, { state, subscription: null });
  }

  get base() {
    return `/v1/subscriptions/${this.subscription}`;
  }

  bar(card) {
    const button = (word, keys, run, kind = "") => h("button", { class: `button ${kind}`, type: "button", "aria-keyshortcuts": keys, on: { click: () => run(card) } }, t(word));
    return h("div", { class: "row acts", role: "group", "aria-label": t("cards.actions") },
      button("cards.ack", "a", (each) => this.acknowledge(each), "main"),
      button("cards.feedback", "f", (each) => this.feedback(each)),
      button("cards.ask", "q", (each) => this.question(each)),
      button("cards.tie", "l", (each) => this.suggest(each)));
  }

  chosen() {
    return this.state.chosen === null ? null : this.state.cards.get(this.state.chosen) ?? null;
  }

  /** Say that the newest delivery of each report was read; a recall is confirmed by its own delivery. */
  async acknowledge(card) {
    const metas = card.reports.flatMap((report) => report.views.map((view) => view.meta));
    await this.said(Promise.all(metas.map((meta) => ask(`${this.base}/receipts`, { method: "POST", body: { delivery_id: meta.delivery_id, kind: "acknowledged" } }))), "cards.acked");
  }

  async receipt(deliveryId, kind, obligation) {
    await this.said(ask(`${this.base}/receipts`, { method: "POST", body: { delivery_id: deliveryId, kind, ...(obligation ? { obligation } : {}) } }), "cards.acked");
  }

  async feedback(card) {
    const about = latest(card);
    const kind = await choose(t("cards.feedback"), "cards.feedback.what", feedbackKinds());
    if (kind) await this.said(ask(`${this.base}/feedback`, { method: "POST", body: { about_id: about.event_id, kind } }), "cards.sent");
  }

  async question(card) {
    const about = latest(card);
    const form = await fields(t("cards.ask"), [
      { name: "question", word: "cards.question", area: true, required: true },
      { name: "legal_basis", word: "cards.legal_basis", required: true, initial: "OSL 10 kap. 27 §" },
      { name: "common_basis", word: "cards.basis", options: ["", ...bases()] },
      { name: "urgency", word: "cards.urgency", options: ["normal", "urgent", "urgent_direct"] },
    ]);
    if (!form) return;
    const body = { ...form, about_id: about.event_id, common_basis: form.common_basis || null };
    await this.said(ask(`${this.base}/requests`, { method: "POST", body }), "cards.sent");
  }

  async reply(request) {
    const form = await fields(t("cards.reply"), [
      { name: "result", word: "cards.result", options: ["given", "partly", "none", "refused"] },
      { name: "answer", word: "cards.answer", area: true },
      { name: "refusal_ground", word: "cards.ground" },
      { name: "legal_basis", word: "cards.legal_basis", required: true, initial: "OSL 10 kap. 27 §" },
      { name: "common_basis", word: "cards.basis", options: ["", ...bases()] },
    ]);
    if (!form) return;
    const body = Object.fromEntries(Object.entries(form).filter(([, content]) => content !== ""));
    await this.said(ask(`${this.base}/requests/${request.event_id}/replies`, { method: "POST", body }), "cards.sent");
  }

  /** Suggest that the card belongs with another: the other's event is named. */
  async suggest(card) {
    const others = this.state.shown().filter((each) => each.card_id !== card.card_id).slice(0, 200);
    const form = await fields(t("cards.tie"), [
      { name: "b_id", word: "cards.other", options: others.map((each) => latest(each).event_id), label: (id) => this.label(id), required: true },
      { name: "relation", word: "cards.relation", options: ["related", "duplicate", "joint_seizure"], label: (name) => t(`relation.${name}`) },
      { name: "reason", word: "cards.link_reason", required: true },
    ]);
    if (form) await this.said(ask(`${this.base}/links`, { method: "POST", body: { ...form, a_id: latest(card).event_id, status: "suggested" } }), "cards.sent");
  }

  label(id) {
    const report = this.state.card(id)?.reports.find((each) => each.event_id === id);
    return report ? `${report.event_type.replaceAll("_", " ")} · ${report.origin} · ${id.slice(0, 8)}` : id;
  }

  async link(tie, status) {
    const form = await fields(t(status === "confirmed" ? "cards.confirm_link" : "cards.split_link"), [
      { name: "reason", word: "cards.link_reason", required: true },
    ]);
    if (form) await this.said(ask(`${this.base}/links`, { method: "POST", body: { a_id: tie.one, b_id: tie.other, status, reason: form.reason } }), "cards.sent");
  }

  async explain(eventId, into) {
    try {
      fill(into, explained(await ask(`${this.base}/explanations/${eventId}`)));
    } catch (problem) {
      fill(into, h("p", { class: "notice bad" }, told(problem)));
    }
  }

  async said(sending, word) {
    try {
      await sending;
      toast(t(word));
    } catch (problem) {
      toast(told(problem));
    }
  }
}

/** A problem in words, with what would be right where the gateway says it. */
export function told(problem) {
  if (!(problem instanceof Problem)) throw problem;
  if (problem.code === "OFFLINE") return t("cards.offline");
  const places = problem.errors.map((each) => `${each.pointer ?? ""} ${pick([each.remedy_sv, each.remedy_en])}`);
  const reasons = problem.reasons.map((each) => pick(each));
  return [...new Set([problem.title, ...reasons, ...places])].filter(Boolean).join(" · ");
}

function choose(title, word, options) {
  return sheet(title, (close) => [h("p", {}, t(word)), h("div", { class: "row" },
    options.map((each) => h("button", { class: "button", type: "button", on: { click: () => close(each) } }, value(each)))),
  h("div", { class: "actions" }, h("button", { class: "button low", type: "button", on: { click: () => close() } }, t("close")))]);
}

/** A small form in a sheet. Resolves with the values by name, or with null. */
export function fields(title, wanted) {
  return sheet(title, (close) => {
    const form = h("form", { class: "stack", on: { submit: (event) => {
      event.preventDefault();
      close(Object.fromEntries(new FormData(form)));
    } } }, wanted.map(entry), h("div", { class: "actions" },
      h("button", { class: "button", type: "button", on: { click: () => close() } }, t("cancel")),
      h("button", { class: "button main", type: "submit" }, t("cards.send"))));
    return form;
  });
}

function entry({ name, word, area = false, options = null, label = value, required = false, initial = "", kind = "text" }) {
  const id = uid(name);
  const common = { id, name, required, class: "input" };
  const input = options
    ? h("select", common, options.map((each) => h("option", { value: each }, each === "" ? t("cards.none_chosen") : label(each))))
    : area ? h("textarea", { ...common, rows: 4 }) : h("input", { ...common, type: kind, value: initial });
  return h("div", { class: "field" }, h("label", { for: id }, t(word)), input);
}
