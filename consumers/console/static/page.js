// The page as it stands: a verdict with its alarms that stays, and one panel of several, each of which draws itself.

import { fill, h } from "/static/js/dom.js";
import { t } from "/static/js/words.js";
import { Audit } from "./audit.js";
import { Canaries } from "./canaries.js";
import { Desks } from "./desks.js";
import { Duties } from "./duties.js";
import { Head } from "./head.js";
import { Overview } from "./overview.js";
import { Packs } from "./packs.js";
import { Publishers } from "./publishers.js";
import { Quarantine } from "./quarantine.js";
import { Redelivery } from "./redelivery.js";
import { Workers } from "./workers.js";

export const TABS = ["overview", "desks", "publishers", "quarantine", "canaries", "duties", "packs", "workers", "again", "audit"];

/** The page as it stands in one language: a verdict that stays, and one panel of several. */
export class Page {
  constructor(main, live, acts) {
    Object.assign(this, { live, tab: TABS.includes(location.hash.slice(1)) ? location.hash.slice(1) : "overview" });
    this.head = new Head(live, acts);
    this.panels = {
      overview: new Overview(live), desks: new Desks(), publishers: new Publishers(live), quarantine: new Quarantine(), canaries: new Canaries(live),
      duties: new Duties(), packs: new Packs(), workers: new Workers(live), again: new Redelivery(acts), audit: new Audit(acts),
    };
    this.tabs = h("div", { class: "tabs", role: "tablist", "aria-label": t("ops.views") });
    this.panel = h("div", { role: "tabpanel", tabindex: "-1" });
    fill(main, this.head.element, this.tabs, this.panel);
    this.show(this.tab);
  }

  show(name) {
    this.panels[this.tab].hide?.();
    this.tab = name;
    history.replaceState(null, "", `#${name}`);
    this.drawTabs();
    this.panel.setAttribute("aria-labelledby", `tab-${name}`);
    fill(this.panel, this.panels[name].element);
    this.panels[name].show?.();
  }

  hide() {
    this.panels[this.tab].hide?.();
  }

  drawTabs() {
    const marks = this.live.told ? marksOf(this.live.told) : {};
    const held = this.tabs.contains(document.activeElement);
    fill(this.tabs, TABS.map((name) => h("button", {
      class: "button low", type: "button", role: "tab", id: `tab-${name}`, "aria-selected": String(name === this.tab), tabindex: name === this.tab ? "0" : "-1",
      on: { click: () => this.show(name), keydown: (event) => this.moved(event, name) },
    }, t(`tab.${name}`), marks[name] ? h("span", { class: "badge bad", title: t("ops.alarms", { n: marks[name] }) }, `▲ ${marks[name]}`) : null)));
    if (held) this.tabs.querySelector('[aria-selected="true"]').focus();
  }

  moved(event, name) {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    this.show(TABS[(TABS.indexOf(name) + by + TABS.length) % TABS.length]);
    this.tabs.querySelector('[aria-selected="true"]').focus();
  }

  health() {
    const { healthy, reasons } = this.live.told;
    document.title = `${healthy ? "" : `▲ ${reasons.length} `}Sambus · ${t("page.operations")}`;
    this.head.draw();
    this.drawTabs();
    this.panels[this.tab].draw?.();
  }

  tick() {
    if (this.live.told) this.head.drawFigures(this.live.told);
  }
}

/** Which panel tells more of which alarm: how many there are for each. */
function marksOf({ reasons }) {
  const where = {
    LATE: "overview", FLASH_LATE: "overview", TOPIC_MISSING: "workers", NO_WORKER: "workers", TRANSACTION_STUCK: "workers", PARTITION_STUCK: "workers",
    FLASH_UNACKNOWLEDGED: "duties", CANARY_LEAKED: "canaries", CANARY_LATE: "canaries", SEQUENCE_GAP: "publishers", GATEWAY_GONE: "workers",
    REGISTRY_GONE: "workers", ARCHIVE_BEHIND: "workers", DISK_NEARLY_FULL: "workers", PUBLISHER_SILENT: "publishers", CLOCK_SKEWED: "publishers",
    SOURCE_PAUSED: "publishers", MUCH_QUARANTINED: "quarantine", OWN_FAULT: "quarantine", PACK_REFUSED: "packs",
  };
  const found = {};
  for (const { code } of reasons) if (where[code]) found[where[code]] = (found[where[code]] ?? 0) + 1;
  return found;
}
