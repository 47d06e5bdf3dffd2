// The way of an event, drawn live: each arrow with its rate and lag, its width by its rate, a sign where it is late.

import { ask } from "/static/js/api.js";
import { h } from "/static/js/dom.js";
import { s, spark } from "/static/js/svg.js";
import { number, t } from "/static/js/words.js";
import { duration, figure, rate, redraw, section, sign, stateBadge, table } from "./figures.js";

/** Seconds behind that are worth a look, and that are too late (as the watcher has it). */
const SLOW_S = 5;
const LATE_S = 20;

/** Where each part stands: left, top, width, height. */
const NODES = {
  publishers: [16, 150, 140, 64],
  intake: [280, 150, 140, 64],
  assess: [536, 150, 140, 64],
  share: [792, 150, 140, 64],
  areas: [1044, 150, 140, 64],
  quarantine: [280, 306, 140, 64],
  link: [436, 306, 140, 64],
  duties: [592, 306, 140, 64],
  picture: [748, 306, 140, 64],
  rules: [792, 12, 140, 64],
};
/** How long an arrow's tip is. */
const TIP = 11;

/** Arrows: from, to, and the stage whose topics they carry; without one there is a figure of another kind. */
const ARROWS = [
  { from: "publishers", to: "intake", stage: "intake" },
  { from: "intake", to: "assess", stage: "assess" },
  { from: "assess", to: "share", stage: "share" },
  { from: "share", to: "areas", stage: null },
  { from: "assess", to: "link", stage: "link", down: true },
  { from: "assess", to: "duties", stage: "duties", down: true },
  { from: "assess", to: "picture", stage: "picture", down: true },
  { from: "rules", to: "share", stage: "rules", down: true },
  { from: "intake", to: "quarantine", stage: null, down: true },
];

export class Topology {
  constructor(live) {
    Object.assign(this, { live, readers: null });
    this.drawing = h("figure", { class: "flow" });
    this.list = h("div", {});
    this.element = section("topology.title", this.drawing, h("details", { class: "as-table", open: true }, h("summary", {}, t("topology.table")), this.list));
  }

  /** How many read, by the gateway's own count; null when it does not know. */
  async count() {
    this.readers = await ask("/v1/operations/readers").then(({ readers }) => readers, () => null);
    this.draw();
  }

  draw() {
    const told = this.live.told;
    if (!told) return;
    const sources = told.health?.sources ?? [];
    redraw(this.drawing, this.svg(told, sources));
    redraw(this.list, this.table(sources));
  }

  svg(told, sources) {
    const stages = byStage(sources);
    const says = [...stages].map(([stage, each]) => `${t(`stage.${stage}`)}: ${rate(each.rate)}, ${duration(each.lag)}`).join("; ");
    return s("svg", { viewBox: "0 0 1200 384", role: "img", "aria-label": `${t("topology.title")}. ${says}` },
      s("defs", {}, s("marker", { id: "tip", viewBox: "0 0 8 8", refX: 0.5, refY: 4, markerWidth: TIP, markerHeight: 12, markerUnits: "userSpaceOnUse", orient: "auto" }, s("path", { d: "M0 0L8 4L0 8z", class: "tip" }))),
      ARROWS.map((arrow) => this.arrow(arrow, stages)),
      Object.keys(NODES).map((name) => this.node(name, stages, told)));
  }

  arrow({ from, to, stage, down }, stages) {
    const [x1, y1, x2, y2] = ends(NODES[from], NODES[to], down);
    const carried = stages.get(stage);
    const state = carried ? stateOf(carried.lag) : "none";
    const each = carried?.rate ?? 0;
    const width = 1.5 + Math.min(6, 1.6 * Math.log10(1 + each));
    const middle = down ? `M${x1} ${y1}C${x1} ${(y1 + y2) / 2} ${x2} ${(y1 + y2) / 2} ${x2} ${y2}` : `M${x1} ${y1}L${x2} ${y2}`;
    return s("g", { class: `arrow ${state}` },
      s("path", { d: middle, "stroke-width": width, fill: "none", "marker-end": "url(#tip)" }),
      each > 0 ? s("path", { class: "moving", d: middle, "stroke-width": Math.max(2, width - 1), fill: "none" }) : null,
      this.words({ x1, y1, x2, y2, down, to }, carried, state));
  }

  words({ x1, y1, x2, y2, down, to }, carried, state) {
    if (!carried) return [];
    const mark = state === "good" ? "" : `${sign(state)} `;
    const unread = carried.unread ? t("topology.waiting", { n: `${carried.exact ? "" : "≤ "}${number(carried.unread)}` }) : "";
    if (to === "share" && down) return label(x1 + 12, (y1 + y2) / 2, [`${rate(carried.rate)} · ${mark}${duration(carried.lag)}`], "start");
    if (down) return []; // it stands in the node: beneath a bundle of arrows nobody could tell whose it is
    const middle = (x1 + x2) / 2;
    return [label(middle, y1 - 12, [rate(carried.rate)], "middle", "rate"), label(middle, y1 + 24, [`${mark}${duration(carried.lag)}`, unread])];
  }

  node(name, stages, told) {
    const [left, top, width, height] = NODES[name];
    const [state, under] = this.standing(name, stages, told);
    return s("g", { class: `node ${state}` },
      s("rect", { x: left, y: top, width, height, rx: 6 }),
      state === "none" ? null : s("text", { x: left + width - 12, y: top + 19, "text-anchor": "end", class: "sign" }, sign(state)),
      s("text", { x: left + 12, y: top + 26, class: "title" }, t(`stage.${name}`)),
      s("text", { x: left + 12, y: top + 47, class: "under" }, under));
  }

  /** How a part stands, and the figure that stands in it. */
  standing(name, stages, { health, parts }) {
    if (name === "publishers") {
      const all = parts?.publishers?.publishers ?? [];
      const silent = all.filter((each) => each.silent).length;
      return [silent ? "warn" : all.length ? "good" : "none", silent ? t("topology.silent", { n: silent }) : all.length ? t("topology.publishers", { n: all.length }) : "in.*"];
    }
    if (name === "quarantine") {
      const count = Object.values(health?.quarantined ?? {}).reduce((sum, each) => sum + each, 0);
      return [count ? "warn" : "good", t("topology.hour", { n: number(count) })];
    }
    if (name === "areas") return this.readers === null ? ["none", "deliver.*"] : [this.readers ? "good" : "none", t("desks.readers", { n: number(this.readers) })];
    const carried = stages.get(name);
    if (!carried) return ["none", "–"];
    if (!(health?.workers ?? []).length) return ["bad", t("topology.no_worker")];
    if (name === "rules") return [stateOf(carried.lag), parts?.packs?.running ?? carried.topics];
    if (NODES[name][1] > NODES.intake[1]) return [stateOf(carried.lag), `${rate(carried.rate)} · ${duration(carried.lag)}`];
    return [stateOf(carried.lag), carried.topics];
  }

  table(sources) {
    return table(t("topology.table"), [
      { word: "topology.stage", cell: (each) => t(`stage.${each.stage}`) },
      { word: "topology.topic", cell: (each) => h("code", {}, each.topic) },
      { word: "topology.rate", num: true, cell: (each) => figure(each.per_second) },
      { word: "topology.unread", num: true, cell: (each) => `${each.exact ? "" : "≤ "}${number(each.unread)}` },
      { word: "topology.lag", num: true, cell: (each) => duration(each.lag_seconds) },
      { word: "topology.standing", cell: (each) => stateBadge(stateOf(each.lag_seconds), t(`state.${stateOf(each.lag_seconds)}`)) },
      { word: "topology.course", cell: (each) => this.course(each.topic) },
    ], sources, { none: "topology.none", key: (each) => each.topic, quiet: true });
  }

  course(topic) {
    const { lag, rate: rates } = this.live.course(topic);
    const course = lag.some((each) => each > SLOW_S) ? lag : rates;
    return course.length > 1 ? spark(course, t(course === lag ? "topology.course_lag" : "topology.course_rate", { most: figure(Math.max(...course)) })) : "–";
  }
}

function stateOf(lag) {
  return lag > LATE_S ? "bad" : lag > SLOW_S ? "warn" : "good";
}

/** What each stage carries, its topics taken together: the sum of rates, the greatest lag. */
function byStage(sources) {
  const found = new Map();
  for (const { stage, topic, unread, exact, lag_seconds: lag, per_second: each } of sources) {
    const known = found.get(stage) ?? { rate: 0, lag: 0, unread: 0, exact: true, count: 0, topics: topic };
    known.count += 1;
    found.set(stage, {
      ...known, rate: known.rate + each, lag: Math.max(known.lag, lag), unread: known.unread + unread, exact: known.exact && exact,
      topics: known.count > 1 ? t("topology.topics", { n: known.count }) : topic,
    });
  }
  return found;
}

function ends([left, top, width, height], [toLeft, toTop, toWidth, toHeight], down) {
  if (!down) return [left + width, top + height / 2, toLeft - TIP, toTop + toHeight / 2];
  return [left + width / 2, top + height, toLeft + toWidth / 2, toTop - TIP];
}

function label(x, y, lines, anchor = "middle", kind = "") {
  return s("text", { x, y, "text-anchor": anchor, class: `label ${kind}` }, lines.map((line, at) => s("tspan", { x, dy: at ? 15 : 0 }, line)));
}
