// The map and the timeline of the cards: outlines that the gateway ships, so they are there without the outside world.

import { fill } from "/static/js/dom.js";
import { land, s } from "/static/js/svg.js";
import { toSweref } from "/static/js/sweref.js";
import { t } from "/static/js/words.js";
import { seat, type, unit } from "./names.js";
import { latest } from "./list.js";

const MARGIN_M = 20_000;

export class SwedenMap {
  constructor(state) {
    this.state = state;
    this.element = document.createElement("figure");
    this.element.className = "map";
    this.outlines = null;
    this.whole = null;
    this.box = null;
    state.on("cards", () => this.draw());
    state.on("chosen", () => this.draw());
  }

  async load() {
    this.outlines ??= await (await fetch("/cards/outlines.json")).json();
    this.land ??= s("path", { class: "land", d: land(this.outlines) });
    this.draw();
  }

  draw() {
    if (!this.land || this.element.hidden || !this.element.isConnected) return;
    const marks = this.state.shown().map((card) => mark(card)).filter(Boolean);
    const box = this.box ?? around(marks);
    const size = Math.max(box[2], box[3]);
    const svg = s("svg", { viewBox: box.join(" "), role: "img", "aria-label": t("cards.map_of", { n: marks.length }) },
      this.land, marks.map(({ card, east, north }) => this.dot(card, east, north, size)));
    const zoom = document.createElement("div");
    zoom.className = "row";
    for (const [word, by] of [["cards.closer", 0.6], ["cards.farther", 1.7]]) {
      const button = document.createElement("button");
      button.className = "button low";
      button.type = "button";
      button.textContent = t(word);
      button.addEventListener("click", () => this.scale(box, by));
      zoom.append(button);
    }
    fill(this.element, zoom, svg);
  }

  dot(card, east, north, size) {
    const chosen = card.card_id === this.state.chosen;
    const dot = s("circle", { class: `dot p${card.priority ?? 5}${chosen ? " chosen" : ""}`, cx: east, cy: -north, r: size / (chosen ? 55 : 80) },
      s("title", {}, `${type(latest(card).event_type)} · ${card.origin_units.map(unit).join(", ")}`));
    dot.addEventListener("click", () => this.state.choose(card.card_id));
    return dot;
  }

  scale([left, top, width, height], by) {
    const [wide, high] = [width * by, height * by];
    this.box = [left + (width - wide) / 2, top + (height - high) / 2, wide, high];
    this.draw();
  }
}

/** Where a card lies: its place if the view shows one, else the seat of its first area. */
function mark(card) {
  const event = latest(card)?.views[0]?.event;
  if (!event) return null;
  const { lon, lat } = event.geo ?? {};
  const at = lon === undefined || lat === undefined ? seat((event.areas ?? [])[0]) : [Number(lon), Number(lat)];
  if (!at) return null;
  const [east, north] = toSweref(...at);
  return { card, east, north };
}

function around(marks) {
  if (!marks.length) return [250_000, -7_700_000, 700_000, 1_600_000];
  const [easts, norths] = [marks.map((each) => each.east), marks.map((each) => each.north)];
  const [left, right] = [Math.min(...easts) - MARGIN_M, Math.max(...easts) + MARGIN_M];
  const [low, high] = [Math.min(...norths) - MARGIN_M, Math.max(...norths) + MARGIN_M];
  return [left, -high, right - left, high - low];
}

/** Cards over time: a bar for each hour of the span, the urgent ones in their colour. */
export function timeline(state) {
  const cards = state.shown().filter((card) => card.newest_at);
  if (!cards.length) return s("svg", { class: "timeline", viewBox: "0 0 100 10" });
  const times = cards.map((card) => Date.parse(card.newest_at));
  const [first, last] = [Math.min(...times), Math.max(...times)];
  const steps = 48;
  const width = Math.max((last - first) / steps, 60_000);
  const bins = Array.from({ length: steps + 1 }, () => []);
  cards.forEach((card, at) => bins[Math.min(steps, Math.floor((times[at] - first) / width))].push(card));
  const most = Math.max(...bins.map((bin) => bin.length));
  return s("svg", { class: "timeline", viewBox: `0 0 ${(steps + 1) * 2} 20`, preserveAspectRatio: "none", role: "img", "aria-label": t("cards.timeline_of", { n: cards.length }) },
    bins.map((bin, at) => (bin.length ? s("rect", {
      class: `step p${Math.min(...bin.map((card) => card.priority ?? 5))}`,
      x: at * 2, width: 1.6, y: 20 - (20 * bin.length) / most, height: (20 * bin.length) / most,
    }, s("title", {}, String(bin.length))) : null)));
}
