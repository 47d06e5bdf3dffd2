// Badges that mean the same on every page: grading, handling code, priority, sensitivity. Colour is never alone.

import { h } from "./dom.js";
import { t } from "./words.js";

/** A grading: source letter and information digit, such as B2; without one, that it is missing. */
export function gradeBadge(grading) {
  if (!grading) return h("span", { class: "badge warn" }, t("grade.none"));
  const both = `${grading.source}${grading.info}`;
  return h("span", { class: "badge grade", title: gradeText(grading) }, both, h("span", { class: "sr-only" }, `: ${gradeText(grading)}`));
}

/** What a grading says, in words. */
export function gradeText({ source, info }) {
  return `${t(`grade.source.${source}`)}; ${t(`grade.info.${info}`)}`;
}

/** A handling code; H0 is quiet, the others are inverse. */
export function handlingBadge(code) {
  return h("span", { class: `badge ${code.toLowerCase()}`, title: t(`handling.${code}`) }, code, h("span", { class: "sr-only" }, `: ${t(`handling.${code}`)}`));
}

/** A priority from 1 (most urgent) to 5. */
export function priorityBadge(priority) {
  return h("span", { class: `badge prio-${priority}` }, t("priority", { n: priority }));
}

/** A sensitivity from 0 to 4. */
export function sensitivityBadge(level) {
  return h("span", { class: "badge", title: t(`sensitivity.${level}`) }, t("sensitivity", { n: level }));
}
