// The list of cards: one line for each real event, the newest first; the keyboard moves through it.

import { fill, h } from "/static/js/dom.js";
import { timeElement } from "/static/js/time.js";
import { gradeBadge, handlingBadge, priorityBadge } from "/static/js/badges.js";
import { t } from "/static/js/words.js";
import { gist, whereOf } from "./facts.js";
import { type, unit } from "./names.js";

/** More lines than anybody reads cost time to draw; the filter finds the rest. */
const MOST = 300;

export class CardList {
  constructor(state) {
    this.state = state;
    this.count = h("p", { class: "quiet small", "aria-live": "polite" });
    this.items = h("ul", { class: "cards", "aria-label": t("cards.list") });
    this.element = h("div", { class: "list" }, this.count, this.items);
    state.on("cards", () => this.later());
    this.drawn = false;
  }

  /** Draw once for all that comes within one frame. */
  later() {
    if (this.drawn) return;
    this.drawn = true;
    requestAnimationFrame(() => {
      this.drawn = false;
      this.draw();
    });
  }

  draw() {
    const cards = this.state.shown();
    this.count.textContent = t("cards.count", { all: cards.length, unread: this.state.unread.size });
    const held = document.activeElement?.closest?.(".cards button")?.dataset.card;
    fill(this.items, cards.length ? cards.slice(0, MOST).map((card) => this.line(card)) : h("li", { class: "empty" }, t("cards.none")));
    if (held) this.items.querySelector(`button[data-card="${CSS.escape(held)}"]`)?.focus({ preventScroll: true });
  }

  line(card) {
    const report = latest(card);
    const event = report?.views[0]?.event ?? {};
    const gone = report?.standing && report.standing !== "stands";
    return h("li", { class: `line p${card.priority ?? 5}${this.state.unread.has(card.card_id) ? " unread" : ""}` },
      h("button", {
        type: "button", dataset: { card: card.card_id },
        "aria-current": this.state.chosen === card.card_id ? "true" : null,
        on: { click: () => this.state.choose(card.card_id) },
      },
      h("span", { class: "row top" },
        card.priority && card.priority <= 3 ? priorityBadge(card.priority) : null,
        h("strong", {}, type(report.event_type)),
        card.reports.length > 1 ? h("span", { class: "badge" }, t("cards.reports", { n: card.reports.length })) : null,
        card.same_origin.length ? h("span", { class: "badge warn" }, t("cards.same_origin")) : null,
        gone ? h("span", { class: "badge bad" }, t(`standing.${report.standing}`)) : null,
        this.state.unread.has(card.card_id) ? h("span", { class: "badge good" }, t("cards.new")) : null,
        h("span", { class: "fill" }), timeElement(card.newest_at)),
      h("span", { class: "gist" }, gone ? t("cards.gone") : gist(event) || whereOf(event)),
      h("span", { class: "row under quiet small" }, gradeBadge(report.grading), report.handling ? handlingBadge(report.handling) : null,
        h("span", {}, [whereOf(event), card.origin_units.map(unit).join(", ")].filter(Boolean).join(" · ")))));
  }

  /** Choose the next or the former card, and go there. */
  step(by) {
    const cards = this.state.shown().slice(0, MOST);
    const at = cards.findIndex((card) => card.card_id === this.state.chosen);
    const next = cards[Math.min(Math.max(at + by, 0), cards.length - 1)];
    if (!next) return;
    this.state.choose(next.card_id);
    requestAnimationFrame(() => requestAnimationFrame(() =>
      this.items.querySelector(`button[data-card="${CSS.escape(next.card_id)}"]`)?.focus()));
  }
}

/** The report of a card that was published last. */
export function latest(card) {
  return [...card.reports].sort((a, b) => String(b.published_at).localeCompare(String(a.published_at)))[0];
}
