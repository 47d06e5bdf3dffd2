// The origin tree: which reports of a card go back to the same root or source, so that nobody counts an echo twice.

import { h } from "/static/js/dom.js";
import { gradeBadge } from "/static/js/badges.js";
import { timeElement } from "/static/js/time.js";
import { t } from "/static/js/words.js";
import { desk, type } from "./names.js";

/** The tree as nested lists: a root, and the reports that go back to it. */
export function originTree(card) {
  const groups = grouped(card);
  return h("ul", { class: "tree" }, groups.map((reports, number) => h("li", {},
    h("strong", {}, reports.length > 1 ? t("cards.one_root", { n: number + 1 }) : t("cards.root", { n: number + 1 })),
    reports.length > 1 ? h("span", { class: "badge warn" }, t("cards.same_origin")) : null,
    h("ul", {}, reports.map((report) => h("li", {}, timeElement(report.reported_at), " ", desk(report.origin), " · ", type(report.event_type), " ", gradeBadge(report.grading)))))));
}

/** Reports by what they go back to: `same_origin` names those that share a root or a source. */
export function grouped(card) {
  const group = new Map(card.reports.map((report) => [report.event_id, report.event_id]));
  const find = (id) => (group.get(id) === id || !group.has(id) ? id : find(group.get(id)));
  for (const ids of card.same_origin) for (const id of ids) if (group.has(id) && group.has(ids[0])) group.set(find(id), find(ids[0]));
  const found = new Map();
  for (const report of card.reports) {
    const root = find(report.event_id);
    found.set(root, [...(found.get(root) ?? []), report]);
  }
  return [...found.values()];
}
