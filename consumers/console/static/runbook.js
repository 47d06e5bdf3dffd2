// The runbook's page of an alarm, over this page: a small part of Markdown, made of elements and never of markup.

import { sheet } from "/static/js/dialog.js";
import { h } from "/static/js/dom.js";
import { t } from "/static/js/words.js";
import { meaning, remedy } from "./names.js";

/** The link to an alarm's page. */
export function runbook(code) {
  const address = `/operations/runbook/${code}.md`;
  return h("a", { class: "button", href: address, dataset: { key: `runbook:${code}` }, "aria-label": `${t("ops.runbook")}: ${code}`, on: { click: (event) => { event.preventDefault(); open(code, address); } } }, t("ops.runbook"));
}

async function open(code, address) {
  const answer = await fetch(address).catch(() => null);
  const text = answer?.ok ? await answer.text() : `${meaning(code)}\n\n${remedy(code)}\n\n${t("ops.no_runbook")}`;
  await sheet(code, (close) => [
    h("div", { class: "runbook stack", lang: answer?.ok ? "en" : null }, blocks(text.replace(/^# .*\n/, ""))),
    h("div", { class: "actions" }, h("button", { class: "button main", type: "button", on: { click: () => close() } }, t("close"))),
  ], { wide: true });
}

/** Elements for headings, lists, code and paragraphs. */
export function blocks(text) {
  const found = [];
  const lines = text.split("\n");
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at];
    const heading = line.match(/^(#{1,4}) (.*)/);
    if (line.startsWith("```")) {
      const end = lines.findIndex((each, number) => number > at && each.startsWith("```"));
      const stop = end < 0 ? lines.length : end;
      found.push(h("pre", { tabindex: "0" }, h("code", {}, lines.slice(at + 1, stop).join("\n"))));
      at = stop;
    } else if (heading) {
      found.push(h("h3", {}, spans(heading[2])));
    } else if (ITEM.test(line)) {
      const [items, last] = list(lines, at);
      found.push(h(/^\s*\d/.test(line) ? "ol" : "ul", {}, items.map((item) => h("li", {}, spans(item)))));
      at = last;
    } else if (line.trim() && !line.startsWith("<!--")) {
      let last = at;
      while (last + 1 < lines.length && lines[last + 1].trim() && !/^(#|```)/.test(lines[last + 1]) && !ITEM.test(lines[last + 1])) last += 1;
      found.push(h("p", {}, spans(lines.slice(at, last + 1).join(" "))));
      at = last;
    }
  }
  return found;
}

const ITEM = /^\s*([-*]|\d+\.) /;

/** The items of a list that begins at a line, with their further lines; and the last line of it. */
function list(lines, begin) {
  const items = [];
  let at = begin;
  for (; at < lines.length && lines[at].trim(); at += 1) {
    if (ITEM.test(lines[at])) items.push(lines[at].replace(ITEM, ""));
    else items[items.length - 1] += ` ${lines[at].trim()}`;
  }
  return [items, at];
}

/** Code, strong words and links within a line; a link is told by its words, for it leads out of the page. */
export function spans(text) {
  return text.split(/(`[^`]+`|\*\*[^*]+\*\*|\[[^\]]+\]\([^)]+\))/).filter(Boolean).map((part) => {
    if (part.startsWith("`")) return h("code", {}, part.slice(1, -1));
    if (part.startsWith("**")) return h("strong", {}, part.slice(2, -2));
    const link = part.match(/^\[([^\]]+)\]/);
    return link ? link[1] : part;
  });
}
