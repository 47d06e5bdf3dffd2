// Well or unwell at a glance: the verdict, the figures that matter, and every alarm with what it means and what to do.

import { h } from "/static/js/dom.js";
import { toast } from "/static/js/toast.js";
import { number, t } from "/static/js/words.js";
import { clock, duration, figure, percent, rate, redraw, secondsSince, stateBadge } from "./figures.js";
import { meaning, place, remedy, severity } from "./names.js";
import { runbook, spans } from "./runbook.js";

/** Alarms whose value is seconds; of the others it is a count, or a share. */
const IN_SECONDS = new Set(["LATE", "TRANSACTION_STUCK", "PARTITION_STUCK", "FLASH_LATE", "FLASH_UNACKNOWLEDGED", "PUBLISHER_SILENT", "CLOCK_SKEWED", "CANARY_LATE", "ARCHIVE_BEHIND"]);
const A_SHARE = new Set(["DISK_NEARLY_FULL"]);
/** So many places of one alarm are shown at once; the others behind a button. */
const SHOWN = 4;
/** Up to so many alarms are all open; of more only the first, and which people open. */
const OPEN = 2;

export class Head {
  constructor(live, acts) {
    Object.assign(this, { live, acts, before: null, unfolded: new Set(), opened: new Map() });
    this.verdict = h("div", { class: "verdict" });
    this.figures = h("dl", { class: "figures" });
    this.alarms = h("div", { class: "alarms stack" });
    this.spoken = h("p", { class: "sr-only", role: "status" });
    this.element = h("section", { class: "head stack", "aria-label": t("ops.state") }, h("div", { class: "top" }, this.verdict, this.figures), this.spoken, this.alarms);
  }

  draw() {
    const told = this.live.told;
    if (!told) return;
    this.drawVerdict(told);
    this.drawFigures(told);
    const groups = grouped(told.reasons);
    redraw(this.alarms, groups.map((group, at) => this.alarm(group, this.opened.get(group.code) ?? (at === 0 || groups.length <= OPEN))));
    this.speak(told);
  }

  drawVerdict({ healthy, fresh, reasons, well_since: wellSince }) {
    const kind = healthy ? "good" : reasons.some((each) => each.severity === "page") ? "bad" : "warn";
    this.verdict.className = `verdict ${kind}`;
    const first = reasons.map((each) => each.since).filter(Boolean).sort()[0];
    redraw(this.verdict,
      h("span", { class: "lamp", "aria-hidden": "true" }, { good: "✓", warn: "!", bad: "▲" }[kind]),
      h("div", {},
        h("h1", {}, t(healthy ? "ops.well" : fresh ? "ops.unwell" : "ops.unknown")),
        h("p", { class: "small" }, healthy
          ? [t("ops.well_since"), " ", clock(wellSince)]
          : [t("ops.alarms", { n: reasons.length }), first ? [", ", t("ops.first"), " ", clock(first)] : null])));
  }

  drawFigures({ health }) {
    const sources = health?.sources ?? [];
    const age = this.live.age();
    const intake = sources.filter((each) => each.stage === "intake");
    const shown = [
      ["figure.lag", duration(Math.max(0, ...sources.map((each) => each.lag_seconds)))],
      ["figure.in", rate(intake.reduce((sum, each) => sum + each.per_second, 0))],
      ["figure.workers", number((health?.workers ?? []).length)],
      ["figure.quarantined", number(Object.values(health?.quarantined ?? {}).reduce((sum, each) => sum + each, 0))],
      ["figure.measured", age === null ? "–" : t("ops.ago", { n: duration(age) })],
    ];
    redraw(this.figures, shown.map(([word, text]) => h("div", {}, h("dt", {}, t(word)), h("dd", { class: "num" }, text))));
  }

  alarm({ code, places }, open) {
    const grave = severity(code) === "page";
    const all = this.unfolded.has(code) || places.length <= SHOWN + 1;
    const mine = places.every((each) => this.acts.taken(each));
    return h("details", { class: `alarm ${grave ? "bad" : "warn"}`, dataset: { alarm: code }, open, on: { toggle: (event) => this.opened.set(code, event.target.open) } },
      h("summary", { dataset: { key: `alarm:${code}` } }, h("span", { class: "row" },
        stateBadge(grave ? "bad" : "warn", t(`severity.${severity(code)}`)),
        h("strong", { class: "mono" }, code),
        h("span", {}, spans(meaning(code))),
        h("span", { class: "fill" }),
        places[0].last_known ? h("span", { class: "badge" }, t("ops.last_known")) : null,
        mine ? h("span", { class: "badge good" }, t("ops.seen_to")) : null,
        places.length > 1 ? h("span", { class: "badge" }, t("ops.places", { n: places.length })) : h("code", {}, places[0].where))),
      h("div", { class: "row" }, h("p", { class: "remedy" }, h("strong", {}, t("ops.do")), " ", spans(remedy(code))), h("span", { class: "fill" }), runbook(code)),
      h("ul", { class: "places" }, (all ? places : places.slice(0, SHOWN)).map((each) => this.place(each))),
      all ? null : h("button", { class: "button low", type: "button", dataset: { key: `all:${code}` }, on: { click: () => { this.unfolded.add(code); this.draw(); } } }, t("ops.all_places", { n: places.length })));
  }

  place(reason) {
    const { code, where } = reason;
    const taken = this.acts.taken(reason);
    const key = `${code}:${where}`;
    const words = place(where);
    return h("li", { class: "row" },
      h("span", { class: "where" }, words ? [words, " "] : null, h("code", {}, where)),
      worth(reason) ? h("strong", { class: "num" }, worth(reason)) : null,
      reason.since ? h("span", { class: "small" }, t("ops.since"), " ", clock(reason.since), " (", duration(secondsSince(reason.since)), ")") : null,
      h("span", { class: "fill" }),
      taken
        ? [h("span", { class: "badge good" }, taken.mine ? t("ops.mine") : t("ops.taken")), h("span", { class: "small" }, clock(taken.at)),
          h("button", { class: "button", type: "button", dataset: { key }, "aria-label": `${t("ops.hand_back")}: ${code} ${where}`, on: { click: () => this.acts.say("hand-back", code, where) } }, t("ops.hand_back"))]
        : h("button", { class: "button", type: "button", dataset: { key }, "aria-label": `${t("ops.take")}: ${code} ${where}`, on: { click: () => this.acts.say("take", code, where) } }, t("ops.take")));
  }

  /** Tell those who do not look: what came and what is over. */
  speak({ reasons }) {
    const now = new Set(reasons.map((each) => each.code));
    const before = this.before;
    this.before = now;
    if (before === null) return;
    const came = [...now].filter((code) => !before.has(code));
    const over = [...before].filter((code) => !now.has(code));
    if (came.length || over.length) {
      this.spoken.textContent = [...came.map((code) => `${t("ops.came")} ${code}: ${meaning(code)}`), ...over.map((code) => `${t("ops.over")} ${code}`)].join(" ");
    }
    for (const code of over) toast(`✓ ${t("ops.over")} ${code}`);
  }
}

/** Alarms of one code together, in the order in which to look at them. */
function grouped(reasons) {
  const codes = new Map();
  for (const reason of reasons) codes.set(reason.code, [...(codes.get(reason.code) ?? []), reason]);
  return [...codes].map(([code, places]) => ({ code, places }));
}

function worth({ code, value }) {
  if (IN_SECONDS.has(code)) return duration(Math.abs(value));
  if (A_SHARE.has(code)) return percent(value);
  return value > 1 ? figure(value) : "";
}
