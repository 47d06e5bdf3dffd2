// What desks owe: how many obligations are open, fall due soon or are late, by desk and kind.

import { h } from "/static/js/dom.js";
import { number, t } from "/static/js/words.js";
import { clock, section, stateBadge, table } from "./figures.js";
import { Loaded } from "./loaded.js";
import { desk, value } from "./names.js";

export class Duties {
  constructor() {
    this.loaded = new Loaded("/v1/operations/duties", drawn);
    this.element = this.loaded.element;
  }

  show() {
    this.loaded.show();
  }

  hide() {
    this.loaded.hide();
  }
}

function drawn({ owed }) {
  const sum = (name) => owed.reduce((all, row) => all + row[name], 0);
  return section("duties.title",
    h("div", { class: "row" },
      stateBadge(sum("late") ? "bad" : "good", t("duties.count_late", { n: number(sum("late")) })),
      stateBadge(sum("near") ? "warn" : "good", t("duties.count_near", { n: number(sum("near")) })),
      stateBadge("none", t("duties.count_open", { n: number(sum("open")) }))),
    table(t("duties.caption"), [
      { word: "duties.desk", cell: (row) => [desk(row.desk), h("br"), h("code", { class: "small" }, row.desk)] },
      { word: "duties.what", cell: (row) => value(row.obligation) },
      { word: "duties.open", num: true, cell: (row) => number(row.open) },
      { word: "duties.near", num: true, cell: (row) => number(row.near) },
      { word: "duties.late", num: true, cell: (row) => (row.late ? stateBadge("bad", number(row.late)) : "0") },
      { word: "duties.first", cell: (row) => clock(row.first_due) },
    ], owed, { none: "duties.none", key: (row) => `${row.desk}:${row.obligation}` }));
}
