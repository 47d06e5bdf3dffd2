// What was wrong and is over: each alarm of the last day with its beginning, its end and how long it lasted.

import { h } from "/static/js/dom.js";
import { t } from "/static/js/words.js";
import { clock, duration, redraw, section, table } from "./figures.js";
import { place } from "./names.js";

/** So many are shown. */
const SHOWN = 30;

export class Over {
  constructor(live) {
    this.live = live;
    this.list = h("div", {});
    this.element = section("over.title", this.list);
  }

  draw() {
    const over = this.live.told?.over ?? [];
    redraw(this.list, table(t("over.caption"), [
      { word: "over.alarm", cell: (each) => h("code", {}, each.code) },
      { word: "over.where", cell: (each) => [place(each.where), place(each.where) ? " " : null, h("code", {}, each.where)] },
      { word: "over.began", cell: (each) => clock(each.began_at) },
      { word: "over.ended", cell: (each) => clock(each.ended_at) },
      { word: "over.lasted", num: true, cell: (each) => duration((new Date(each.ended_at) - new Date(each.began_at)) / 1000) },
    ], over.slice(0, SHOWN), { none: "over.none" }));
  }
}
