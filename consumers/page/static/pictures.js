// Situation pictures as small plots: each measure's course over its window, and what it was in the window before.

import { ask } from "/static/js/api.js";
import { fill, h } from "/static/js/dom.js";
import { spark } from "/static/js/svg.js";
import { timeElement } from "/static/js/time.js";
import { number, t } from "/static/js/words.js";
import { told } from "./actions.js";
import { substance, unit } from "./names.js";

/** Draw the pictures of an area into an element. */
export async function pictures(into, area) {
  fill(into, h("p", { class: "quiet" }, t("cards.loading")));
  try {
    const { rows } = await ask(`/v1/pictures?area=${encodeURIComponent(area)}`);
    const own = rows.filter((row) => row.area === area);
    fill(into, own.length ? own.map(picture) : h("p", { class: "empty" }, t("cards.no_pictures", { area: unit(area) })));
  } catch (problem) {
    fill(into, h("p", { class: "notice bad" }, told(problem)));
  }
}

function picture(row) {
  return h("section", { class: "card" },
    h("header", {}, h("h3", {}, `${unit(row.area)} · ${row.window}`), h("span", { class: "quiet small" }, row.theme, " · ", timeElement(row.as_of))),
    h("table", { class: "table" },
      h("thead", {}, h("tr", {}, ["measure", "now", "before", "course"].map((word) => h("th", { class: word === "now" || word === "before" ? "num" : "" }, t(`picture.${word}`))))),
      h("tbody", {}, row.figures.map(line))));
}

function line(figure) {
  const masses = figure.mass_g !== null && figure.mass_g !== undefined;
  const course = (masses ? figure.masses_g : figure.counts).map(Number);
  const [now, before] = masses ? [figure.mass_g, figure.earlier_mass_g] : [figure.count, figure.earlier_count];
  const said = (content) => (content === null || content === undefined ? "–" : `${number(Number(content))}${masses ? " g" : ""}`);
  return h("tr", {},
    h("td", {}, t(`measure.${figure.measure}`), figure.substance_id ? ` · ${substance(figure.substance_id)}` : ""),
    h("td", { class: "num" }, said(now)), h("td", { class: "num quiet" }, said(before)), h("td", {}, spark(course, t("picture.course_of", { most: number(Math.max(1, ...course)) }))));
}
