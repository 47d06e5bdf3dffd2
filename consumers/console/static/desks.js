// Who reads at each desk: areas at a glance, a map of the units, and the desks of an area in a table.

import { h } from "/static/js/dom.js";
import { land, s } from "/static/js/svg.js";
import { toSweref } from "/static/js/sweref.js";
import { number, t } from "/static/js/words.js";
import { duration, secondsSince, section, sign, stateBadge, table } from "./figures.js";
import { Loaded } from "./loaded.js";
import { area, areas, desk, seat, unit } from "./names.js";

/** Sweden in metres east and south, SWEREF 99 TM, with a margin. */
const SWEDEN = [240_000, -7_700_000, 720_000, 1_600_000];
/** Seconds that a delivery may wait for a reader before it counts as late. */
const LATE_S = 300;

export class Desks {
  constructor() {
    Object.assign(this, { chosen: null, outlines: null, loaded: new Loaded("/v1/operations/desks", (told) => this.drawn(told)) });
    this.element = this.loaded.element;
  }

  async show() {
    this.loaded.show();
    if (!this.outlines) {
      this.outlines = await fetch("/cards/outlines.json").then((answer) => answer.json()).catch(() => null);
      this.loaded.again();
    }
  }

  hide() {
    this.loaded.hide();
  }

  choose(name) {
    this.chosen = this.chosen === name ? null : name;
    this.loaded.again();
  }

  drawn({ desks }) {
    const shown = this.chosen ? desks.filter((each) => each.area === this.chosen) : desks;
    return [
      section("desks.areas", h("p", { class: "small quiet" }, t("desks.legend")),
        h("div", { class: "tiles" }, areas().map((name) => this.tile(name, desks.filter((each) => each.area === name))))),
      h("div", { class: "beside" },
        section("desks.map", this.map(shown)),
        section("desks.title", table(this.chosen ? area(this.chosen) : t("desks.all"), COLUMNS, shown, { none: "desks.none", key: (each) => each.desk }))),
    ];
  }

  tile(name, desks) {
    const readers = desks.reduce((sum, each) => sum + each.readers, 0);
    const states = desks.map(stateOf);
    const state = states.includes("bad") ? "bad" : states.includes("warn") ? "warn" : desks.length ? "good" : "none";
    const alone = desks.filter((each) => each.held && !each.readers).length;
    const late = desks.reduce((sum, each) => sum + each.late_duties, 0);
    return h("button", { class: `tile ${state}`, type: "button", "aria-pressed": String(this.chosen === name), dataset: { key: `area:${name}` }, on: { click: () => this.choose(name) } },
      h("span", { class: "row" }, h("strong", {}, area(name)), h("span", { class: "fill" }), h("span", { class: "sign", "aria-hidden": "true" }, sign(state)), h("span", { class: "sr-only" }, t(`state.${state}`))),
      h("span", { class: "small" }, desks.length ? t("desks.readers", { n: number(readers) }) : t("desks.is_quiet")),
      !desks.length ? null : h("span", { class: "small" }, alone ? t("desks.alone", { n: number(alone) }) : t("desks.all_read")),
      late ? h("span", { class: "small" }, t("desks.late", { n: number(late) })) : null);
  }

  map(desks) {
    if (!this.outlines) return h("p", { class: "quiet" }, t("ops.loading"));
    this.land ??= land(this.outlines);
    const units = new Map();
    for (const each of desks) units.set(each.desk.split("/")[0], [...(units.get(each.desk.split("/")[0]) ?? []), each]);
    const marks = [...units].filter(([code]) => seat(code)).map(([code, own]) => mark(code, own));
    return h("figure", { class: "sweden" }, s("svg", { viewBox: SWEDEN.join(" "), role: "img", "aria-label": t("desks.map_of", { n: marks.length }) },
      s("path", { class: "land", d: this.land }), marks));
  }
}

const COLUMNS = [
  { word: "desks.desk", cell: (each) => [desk(each.desk), h("br"), h("code", { class: "small" }, each.desk)] },
  { word: "desks.standing", cell: (each) => stateBadge(stateOf(each), t(`desks.${whyOf(each)}`)) },
  { word: "desks.reading", num: true, cell: (each) => number(each.readers) },
  { word: "desks.slow", num: true, cell: (each) => number(each.slow + each.catching_up) },
  { word: "desks.unread", num: true, cell: (each) => (each.unread ? `${each.exact ? "" : "≥ "}${number(each.unread)}` : each.subscriptions ? "0" : "–") },
  { word: "desks.oldest", num: true, cell: (each) => (each.oldest ? duration(secondsSince(each.oldest)) : "–") },
  { word: "desks.held", num: true, cell: (each) => number(each.held) },
  { word: "desks.owed", num: true, cell: (each) => (each.open_duties ? [number(each.open_duties), each.late_duties ? [" ", stateBadge("bad", t("desks.of_late", { n: each.late_duties }))] : null] : "0") },
];

/** Why a desk is worth a look: late duties, unread for long, slow readers, or nobody who reads. */
function whyOf(each) {
  if (each.late_duties) return "is_late";
  if (each.unread && each.oldest && secondsSince(each.oldest) > LATE_S && !each.readers) return "is_behind";
  if (each.slow || each.catching_up) return "is_slow";
  if (each.readers) return "is_read";
  return each.held ? "is_alone" : "is_quiet";
}

function stateOf(each) {
  return { is_late: "bad", is_behind: "warn", is_slow: "warn", is_read: "good", is_alone: "warn", is_quiet: "none" }[whyOf(each)];
}

/** A unit on the map: filled where somebody reads, a ring where nobody does, a triangle where something is late. */
function mark(code, desks) {
  const [east, north] = toSweref(...seat(code));
  const states = desks.map(stateOf);
  const size = 9_000 + 2_500 * Math.min(4, Math.log10(1 + desks.reduce((sum, each) => sum + each.held, 0)));
  const title = s("title", {}, `${unit(code)}: ${t("desks.readers", { n: desks.reduce((sum, each) => sum + each.readers, 0) })}`);
  if (states.includes("bad")) return s("path", { class: "mark bad", d: `M${east} ${-north - size * 1.3}l${size * 1.2} ${size * 2.1}h${-2.4 * size}z` }, title);
  return s("circle", { class: `mark ${states.includes("good") ? "good" : "alone"}`, cx: east, cy: -north, r: size }, title);
}
