// What the desk was given before: search it, open it, take it out on record, and confirm what orders ask of what went out.

import { ask, take } from "/static/js/api.js";
import { gradeBadge, handlingBadge } from "/static/js/badges.js";
import { fill, h, uid } from "/static/js/dom.js";
import { timeElement } from "/static/js/time.js";
import { toast } from "/static/js/toast.js";
import { t } from "/static/js/words.js";
import { fields, told } from "./actions.js";
import { factList, textOf } from "./facts.js";
import { desk, partners, type, types, unit } from "./names.js";

const FORMATS = ["csv", "geojson", "parquet", "pdf", "stix", "misp"];

export class ArchiveView {
  /** `reason()` gives the purpose and case of the subscription that is read; `open(id)` opens a card that is there. */
  constructor(state, who, reason, open) {
    Object.assign(this, { state, who, reason, open, hits: [], cursor: null, picked: new Set(), asked: null });
    this.fault = h("p", { class: "notice bad", role: "alert", hidden: true });
    this.results = h("div", { class: "stack", "aria-live": "polite" });
    this.out = h("div", { class: "stack" });
    this.element = h("section", { class: "stack", "aria-label": t("tab.archive"), tabindex: "0" }, this.form(), this.fault, this.results, this.out);
  }

  form() {
    const ids = { text: uid("words"), type: uid("type"), since: uid("since") };
    const form = h("form", { class: "filters", role: "search", on: { submit: (event) => {
      event.preventDefault();
      const entered = Object.fromEntries(new FormData(form));
      this.search({ text: entered.text || null, types: entered.type ? [entered.type] : [], since: entered.since ? `${entered.since}T00:00:00Z` : null });
    } } },
    h("div", { class: "field" }, h("label", { for: ids.text }, t("archive.words")), h("input", { class: "input", id: ids.text, name: "text", type: "search", maxlength: "400" })),
    h("div", { class: "field" }, h("label", { for: ids.type }, t("filter.type")), h("select", { class: "input", id: ids.type, name: "type" },
      h("option", { value: "" }, t("subs.all_types")), types().map((name) => h("option", { value: name }, type(name))))),
    h("div", { class: "field" }, h("label", { for: ids.since }, t("archive.since")), h("input", { class: "input", id: ids.since, name: "since", type: "date" })),
    h("div", { class: "row" }, h("button", { class: "button main", type: "submit" }, t("archive.search"))));
    return form;
  }

  /** Ask anew, or for the next page of what was asked. */
  async search(asked, cursor = null) {
    const { purpose, case_ref } = this.reason();
    await this.tried(async () => {
      const page = await ask("/v1/search", { method: "POST", body: { ...asked, purpose, case_ref, cursor, limit: 20 } });
      this.hits = cursor ? [...this.hits, ...page.hits] : page.hits;
      if (!cursor) this.picked.clear();
      Object.assign(this, { cursor: page.cursor, asked });
      this.draw();
    });
  }

  /** An order took an event back: nothing of it stays here, at once. */
  withdraw(eventId) {
    this.hits = this.hits.filter((hit) => hit.meta.event_id !== eventId);
    this.picked.delete(eventId);
    if (this.asked) this.draw();
  }

  draw() {
    const button = h("button", { class: "button", type: "button", disabled: this.picked.size === 0, on: { click: () => this.takeOut() } }, t("archive.out", { n: this.picked.size }));
    fill(this.results,
      this.hits.length ? h("div", { class: "row" }, h("span", { class: "quiet small fill" }, t("archive.found", { n: this.hits.length })), button) : h("p", { class: "empty" }, t("archive.none")),
      this.hits.map((hit) => this.hit(hit, button)),
      this.cursor ? h("button", { class: "button low", type: "button", on: { click: () => this.search(this.asked, this.cursor) } }, t("archive.more")) : null);
  }

  hit({ meta, event, superseded_by }, button) {
    const id = uid("take");
    const pick = h("input", { type: "checkbox", id, checked: this.picked.has(meta.event_id), on: { change: (change) => {
      if (change.target.checked) this.picked.add(meta.event_id);
      else this.picked.delete(meta.event_id);
      button.disabled = this.picked.size === 0;
      button.textContent = t("archive.out", { n: this.picked.size });
    } } });
    const card = this.state.card(meta.event_id);
    return h("article", { class: "card report", dataset: { event: meta.event_id } },
      h("header", {},
        h("div", { class: "row" }, h("h3", {}, type(meta.event_type)), gradeBadge(event.grading ?? null), handlingBadge(meta.handling),
          superseded_by ? h("span", { class: "badge" }, t("archive.former")) : null),
        h("span", { class: "quiet small" }, desk(`${meta.origin.unit}/${meta.origin.function}`), " · ", timeElement(meta.published_at))),
      textOf(event) ? h("p", { class: "text" }, textOf(event)) : null,
      factList(event),
      h("div", { class: "row" }, pick, h("label", { for: id }, t("archive.pick")), h("span", { class: "fill" }),
        card ? h("button", { class: "button low", type: "button", on: { click: () => this.open(card.card_id) } }, t("duty.open")) : null));
  }

  async takeOut() {
    const form = await fields(t("archive.out_title"), [
      { name: "format", word: "archive.format", options: FORMATS, label: (name) => t(`format.${name}`) },
      { name: "receiver", word: "archive.receiver", options: [this.who.unit, ...partners()], label: unit },
      { name: "ground", word: "archive.ground", required: true },
    ]);
    if (!form) return;
    await this.tried(async () => {
      const { blob, name } = await take("/v1/exports", { ...form, ...this.reason(), event_ids: [...this.picked] });
      const link = h("a", { href: URL.createObjectURL(blob), download: name });
      link.click();
      URL.revokeObjectURL(link.href);
      toast(t("archive.taken", { name }));
      await this.register();
    });
  }

  /** What the desk took out, and what orders ask about it. */
  async register() {
    await this.tried(async () => {
      const [{ exports }, { orders }] = await Promise.all([ask("/v1/exports"), ask("/v1/exports/orders")]);
      fill(this.out, h("h3", {}, t("archive.register")),
        orders.map((order) => h("p", { class: order.confirmed_at ? "notice" : "notice warn" },
          h("strong", {}, t(`order.${order.action}`)), " ", t("archive.order", { receiver: unit(order.receiver), id: order.event_id.slice(0, 8) }), " ", timeElement(order.confirm_by),
          order.late ? h("span", { class: "badge bad" }, t("duty.late")) : null,
          order.confirmed_at ? null : h("button", { class: "button", type: "button", on: { click: () => this.confirm(order) } }, t("archive.confirm")))),
        exports.length ? h("table", { class: "table" },
          h("thead", {}, h("tr", {}, ["when", "to", "ground", "as", "events"].map((word) => h("th", {}, t(`out.${word}`))))),
          h("tbody", {}, exports.map((each) => h("tr", {}, h("td", {}, timeElement(each.made_at)), h("td", {}, unit(each.receiver)),
            h("td", {}, each.ground), h("td", {}, t(`format.${each.format}`)), h("td", {}, String(each.events.length)))))) : h("p", { class: "empty" }, t("archive.no_exports")));
    });
  }

  async confirm(order) {
    await this.tried(async () => {
      await ask(`/v1/exports/${order.export_id}/confirm`, { method: "POST" });
      await this.register();
    });
  }

  async tried(act) {
    this.fault.hidden = true;
    try {
      await act();
    } catch (problem) {
      this.fault.textContent = told(problem);
      this.fault.hidden = false;
    }
  }
}
