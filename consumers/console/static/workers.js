// Who works: workers, the partitions they have still to read, gateways, registry, disks, and the ledger's chains.

import { h } from "/static/js/dom.js";
import { number, t } from "/static/js/words.js";
import { bytes, percent, redraw, section, stateBadge, table } from "./figures.js";

/** A disk is nearly full from here on, as the watcher has it. */
const FULL = 0.9;

export class Workers {
  constructor(live) {
    this.live = live;
    this.element = h("div", { class: "stack" });
  }

  show() {
    this.draw();
  }

  draw() {
    const { health, parts, reasons } = this.live.told ?? {};
    redraw(this.element, section("workers.title", this.workers(health ?? {})), section("partitions.title", this.partitions(health ?? {}, reasons ?? [])), section("around.title", this.around(parts ?? {})), section("heads.title", this.heads(health ?? {})));
  }

  workers({ workers = [], group_state: state = "–" }) {
    return [
      h("p", {}, t("workers.group"), " ", stateBadge(state === "Stable" ? "good" : workers.length ? "warn" : "bad", state)),
      table(t("workers.caption"), [
        { word: "workers.name", cell: (each) => h("code", {}, each.name) },
        { word: "workers.host", cell: (each) => h("code", {}, each.host) },
      ], workers, { none: "workers.none" }),
    ];
  }

  partitions({ partitions = [] }, reasons) {
    const stuck = new Set(reasons.filter(({ code }) => code === "PARTITION_STUCK").map(({ where }) => where));
    const rows = [...partitions].sort((a, b) => b.unread - a.unread || a.topic.localeCompare(b.topic) || a.partition - b.partition);
    return table(t("partitions.caption"), [
      { word: "partitions.place", cell: (each) => h("code", {}, `${each.topic}:${each.partition}`) },
      ...(rows.some((each) => each.owner) ? [{ word: "partitions.owner", cell: (each) => (each.owner ? h("code", {}, each.owner) : "–") }] : []),
      { word: "partitions.next", num: true, cell: (each) => (each.next === null || each.next === undefined ? "–" : number(each.next)) },
      { word: "partitions.unread", num: true, cell: (each) => number(each.unread) },
      { word: "partitions.standing", cell: (each) => (stuck.has(`${each.topic}:${each.partition}`) ? stateBadge("bad", t("partitions.stuck")) : stateBadge("good", t("partitions.moves"))) },
    ], rows, { none: "partitions.none", key: (each) => `${each.topic}:${each.partition}` });
  }

  around({ gateways, registry, disks, archive }) {
    const rows = [
      ...(gateways?.gateways ?? []).map((each) => ({
        kind: "gateway", name: each.url, state: each.ready ? "good" : "bad",
        text: each.ready ? t("around.ready") : [t("around.gone"), ...Object.entries(each.parts ?? {}).filter(([, well]) => !well).map(([name]) => name)].join(" · "),
        figure: each.ms === null || each.ms === undefined ? "–" : `${number(Math.round(each.ms))} ms`,
      })),
      ...(registry?.url ? [{ kind: "registry", name: registry.url, state: registry.answers ? "good" : "bad", text: t(registry.answers ? "around.answers" : "around.gone"), figure: "–" }] : []),
      ...(archive ? [{ kind: "archive", name: archive.url ?? "", state: archive.behind_seconds > 60 ? "bad" : "good", text: t("around.behind"), figure: archive.behind_seconds === undefined || archive.behind_seconds === null ? "–" : `${number(Math.round(archive.behind_seconds))} s` }] : []),
      ...(disks?.disks ?? []).map((each) => ({
        kind: "disk", name: each.path, state: each.used >= FULL ? "bad" : each.used >= FULL - 0.1 ? "warn" : "good",
        text: t("around.used", { n: percent(each.used) }), figure: t("around.free", { n: bytes(each.free_bytes) }),
      })),
    ];
    return table(t("around.caption"), [
      { word: "around.kind", cell: (each) => t(`around.${each.kind}`) },
      { word: "around.where", cell: (each) => h("code", {}, each.name) },
      { word: "around.standing", cell: (each) => stateBadge(each.state, each.text) },
      { word: "around.figure", num: true, cell: (each) => each.figure },
    ], rows, { none: "around.none" });
  }

  heads({ heads = [] }) {
    return table(t("heads.caption"), [
      { word: "heads.lane", cell: (each) => number(each.lane) },
      { word: "heads.number", num: true, cell: (each) => number(each.number) },
      { word: "heads.hash", cell: (each) => h("code", {}, each.hash.slice(0, 16)) },
    ], heads, { none: "heads.none" });
  }
}
