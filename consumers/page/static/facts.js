// An event's content as facts: what the view shows, in the order of its schema, in words. What is hidden is not there.

import { h } from "/static/js/dom.js";
import { timeElement } from "/static/js/time.js";
import { number, t } from "/static/js/words.js";
import { field, substance, unit, value } from "./names.js";

const TEXTS = ["summary", "advice_officer", "advice_public", "question", "answer", "title", "abstract", "need_statement", "assessment", "measures_text", "notice_summary"];
const SKIPPED = /(_hash|_method|_key|_version)$|^(part|centre|polygon|linked_scene|language)$/;
/** Numbers and keys of registers tell nothing at a glance. */
const UNTOLD = /_(no|ref|refs|id|ids)$/;
const AMOUNT = /^-?\d+(\.\d+)?$/;
const MOMENT = /^\d{4}-\d\d-\d\dT/;
const DIGEST = /^[0-9a-f]{64}$/;

/** The event's own words, the first that are there; none gives null. */
export function textOf(event) {
  const payload = event?.payload ?? {};
  return TEXTS.map((name) => payload[name]).find((text) => typeof text === "string" && text) ?? null;
}

/** One line of what it is about, for a list. */
export function gist(event) {
  const words = textOf(event);
  if (words) return words;
  const payload = event?.payload ?? {};
  return pairs(payload).filter(([name]) => !UNTOLD.test(name)).slice(0, 4)
    .map(([name, told]) => (["boolean", "number"].includes(typeof payload[name]) ? `${field(name).label.toLowerCase()}: ${told.toLowerCase()}` : told)).join(" · ");
}

/** Where it happened, in words. */
export function whereOf(event) {
  const names = (event?.areas ?? []).map(unit);
  const place = event?.geo?.place_label;
  return [...names, ...(place ? [place] : [])].join(", ");
}

/** A list of facts as an element. */
export function factList(event) {
  const payload = event?.payload ?? {};
  const rows = pairs(payload).filter(([name]) => !TEXTS.includes(name));
  const when = event?.occurred_from ? [[t("cards.happened"), timeElement(event.occurred_from)]] : [];
  const where = whereOf(event) ? [[t("cards.where"), whereOf(event)]] : [];
  const persons = event?.persons?.length ? [[t("cards.persons"), String(event.persons.length)]] : [];
  return h("dl", { class: "facts" }, [...when, ...where, ...persons, ...rows.map(([name, said]) => [field(name).label, said])]
    .map(([label, said]) => [h("dt", {}, label), h("dd", {}, said)]));
}

function pairs(record) {
  return Object.entries(record)
    .map(([name, content]) => [name, SKIPPED.test(name) ? "" : said(name, content)])
    .filter(([, text]) => text !== "");
}

function said(name, content) {
  if (content === null || content === undefined) return "";
  if (Array.isArray(content)) return content.map((each) => said(name, each)).filter(Boolean).join("; ");
  if (typeof content === "object") {
    return pairs(content).filter(([inner]) => inner !== "item_no").map(([inner, text]) => (inner.startsWith("substance") ? text : `${field(inner).label.toLowerCase()} ${text}`)).join(", ");
  }
  if (typeof content === "boolean") return t(content ? "yes" : "no");
  if (typeof content === "string") {
    if (DIGEST.test(content)) return t("cards.digest", { end: content.slice(-6) });
    if (MOMENT.test(content)) return timeElement(content).textContent;
    if (name.startsWith("substance")) return substance(content);
    if (!AMOUNT.test(content)) return value(content);
  }
  const { unit: mark } = field(name);
  const amount = typeof content === "string" && UNTOLD.test(name) ? content : number(Number(content));
  return mark ? `${amount} ${mark}` : amount;
}
