// Who publishes: each in its rhythm, silent or only quiet, its clock, gaps in its numbers, and whether its intake is paused.

import { ask } from "/static/js/api.js";
import { confirm } from "/static/js/dialog.js";
import { h } from "/static/js/dom.js";
import { toast } from "/static/js/toast.js";
import { number, t } from "/static/js/words.js";
import { clock, duration, figure, redraw, section, since, stateBadge, table } from "./figures.js";
import { desk } from "./names.js";
import { failed } from "./said.js";

/** Seconds by which a clock may differ. */
const SKEWED_S = 120;

export class Publishers {
  constructor(live) {
    this.live = live;
    this.element = h("div", { class: "stack" });
  }

  show() {
    this.draw();
  }

  draw() {
    const parts = this.live.told?.parts ?? {};
    redraw(this.element,
      section("publishers.title", h("p", { class: "quiet" }, t("publishers.what")), this.table(parts)),
      section("paused.title", this.paused(parts.quarantine?.paused ?? [])));
  }

  table({ publishers, completeness }) {
    const gaps = new Map((completeness?.gaps ?? []).map((each) => [each.desk, each]));
    const rows = [...(publishers?.publishers ?? [])].sort((a, b) => rank(b, gaps) - rank(a, gaps) || a.origin.localeCompare(b.origin));
    return table(t("publishers.caption"), [
      { word: "publishers.origin", cell: (each) => [desk(each.origin), h("br"), h("code", { class: "small" }, each.origin)] },
      { word: "publishers.standing", cell: (each) => stateBadge(each.silent ? "warn" : each.quiet ? "none" : "good", t(each.silent ? "publishers.silent" : each.quiet ? "publishers.quiet" : "publishers.speaks")) },
      { word: "publishers.last", cell: (each) => since(each.last) },
      { word: "publishers.rate", num: true, cell: (each) => figure(each.per_hour) },
      { word: "publishers.silent_after", num: true, cell: (each) => (each.silent_after_seconds ? [duration(each.silent_after_seconds), " ", h("span", { class: "small quiet" }, t(each.learned ? "publishers.learned" : "publishers.set"))] : t("publishers.learning")) },
      { word: "publishers.clock", num: true, cell: (each) => skew(each.skew_seconds) },
      { word: "publishers.missing", num: true, cell: (each) => (gaps.has(each.origin) ? stateBadge("bad", number(gaps.get(each.origin).missing)) : "0") },
    ], rows, { none: "publishers.none", key: (each) => each.origin });
  }

  paused(paused) {
    return table(t("paused.caption"), [
      { word: "paused.origin", cell: (each) => [desk(each.origin), h("br"), h("code", { class: "small" }, each.origin)] },
      { word: "paused.where", cell: (each) => h("code", {}, each.where) },
      { word: "paused.standing", cell: (each) => stateBadge("warn", t(`paused.${each.state}`)) },
      { word: "paused.since", cell: (each) => clock(each.since) },
      { word: "paused.until", cell: (each) => clock(each.until) },
      { word: "paused.codes", cell: (each) => Object.entries(each.codes ?? {}).map(([code, count]) => [h("code", {}, code), ` ${number(count)} `]) },
      { word: "", cell: (each) => h("button", { class: "button", type: "button", dataset: { key: `resume:${each.origin}` }, "aria-label": `${t("paused.resume")}: ${desk(each.origin)}`, on: { click: () => resume(each.origin) } }, t("paused.resume")) },
    ], paused, { none: "paused.none", key: (each) => `${each.origin}:${each.where}` });
  }
}

function skew(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const said = `${seconds < 0 ? "−" : "+"}${duration(Math.abs(seconds))}`;
  return Math.abs(seconds) > SKEWED_S ? stateBadge("warn", said) : said;
}

function rank(each, gaps) {
  return (each.silent ? 4 : 0) + (gaps.has(each.origin) ? 2 : 0) + (Math.abs(each.skew_seconds ?? 0) > SKEWED_S ? 1 : 0);
}

async function resume(origin) {
  const sure = await confirm({ title: t("paused.resume"), text: t("paused.sure", { who: desk(origin) }), yes: t("paused.resume") });
  if (!sure) return;
  try {
    await ask("/v1/quarantine/resume", { method: "POST", body: { origin } });
    toast(t("paused.resumed", { who: desk(origin) }));
  } catch (problem) {
    failed(problem);
  }
}
