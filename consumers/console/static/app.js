// The console of operations: signs in, follows the bus live, and puts verdict, alarms and the panels in their places.

import { Problem } from "/static/js/api.js";
import { fill, h } from "/static/js/dom.js";
import { bindKeys } from "/static/js/keys.js";
import { onPref } from "/static/js/prefs.js";
import { Bar, frame, signIn, signOut, whoAmI } from "/static/js/shell.js";
import { loadWords, t } from "/static/js/words.js";
import { Audit } from "./audit.js";
import { Canaries } from "./canaries.js";
import { Desks } from "./desks.js";
import { Duties } from "./duties.js";
import { Acts, Head } from "./head.js";
import { Live } from "./live.js";
import { useNames } from "./names.js";
import { Overview } from "./overview.js";
import { Packs } from "./packs.js";
import { Publishers } from "./publishers.js";
import { Quarantine } from "./quarantine.js";
import { Redelivery } from "./redelivery.js";
import { told } from "./said.js";
import { Workers } from "./workers.js";

const TABS = ["overview", "desks", "publishers", "quarantine", "canaries", "duties", "packs", "workers", "again", "audit"];
/** Seconds between looks at who sees to which alarm. */
const ACTS_S = 10;

const live = new Live();
const acts = new Acts();
const standing = h("span", { class: "badge warn", role: "status" });
let tab = TABS.includes(location.hash.slice(1)) ? location.hash.slice(1) : "overview";
let page = null;
let draw = () => null;

await Promise.all([loadWords("/static/words.json", "/operations/assets/words.json"), fetch("/operations/names.json").then(async (answer) => useNames(await answer.json()))]);
const bar = new Bar({ here: "/operations", state: standing, leave: () => signOut().then(() => location.reload()) });
const main = h("main", { class: "console" });
frame(bar, main);
keyboard();
live.addEventListener("health", () => page?.health());
live.addEventListener("standing", stands);
acts.addEventListener("acts", () => page?.head.draw());
onPref((name) => { if (name === "lang") draw(); });
await begin();

async function begin() {
  let who;
  try {
    who = await whoAmI();
  } catch (problem) {
    draw = () => closed(problem instanceof Problem && problem.status === 401 ? t("ops.sign_in") : told(problem), true);
    return draw();
  }
  bar.me(who);
  draw = () => (who.roles.includes("operations") ? opened() : closed(t("ops.no_role"), false));
  draw();
  if (!who.roles.includes("operations")) return null;
  live.start();
  acts.load();
  setInterval(() => (document.hidden ? null : acts.load()), ACTS_S * 1000);
  setInterval(() => page?.tick(), 1000);
  return null;
}

function closed(text, enter) {
  document.title = `Sambus · ${t("page.operations")}`;
  fill(main, h("div", { class: "empty stack" }, h("h1", {}, t("ops.title")), h("p", {}, text),
    enter ? h("p", {}, h("button", { class: "button main", type: "button", on: { click: signIn } }, t("bar.in"))) : null));
}

function opened() {
  page?.hide();
  page = new Page();
  stands();
  if (live.told) page.health();
}

/** The page as it stands in one language: a verdict that stays, and one panel of several. */
class Page {
  constructor() {
    this.head = new Head(live, acts);
    this.panels = {
      overview: new Overview(live), desks: new Desks(), publishers: new Publishers(live), quarantine: new Quarantine(), canaries: new Canaries(live),
      duties: new Duties(), packs: new Packs(), workers: new Workers(live), again: new Redelivery(acts), audit: new Audit(acts),
    };
    this.tabs = h("div", { class: "tabs", role: "tablist", "aria-label": t("ops.views") });
    this.panel = h("div", { role: "tabpanel", tabindex: "-1" });
    fill(main, this.head.element, this.tabs, this.panel);
    this.show(tab);
  }

  show(name) {
    this.panels[tab].hide?.();
    tab = name;
    history.replaceState(null, "", `#${name}`);
    this.drawTabs();
    this.panel.setAttribute("aria-labelledby", `tab-${name}`);
    fill(this.panel, this.panels[name].element);
    this.panels[name].show?.();
  }

  hide() {
    this.panels[tab].hide?.();
  }

  drawTabs() {
    const marks = live.told ? marksOf(live.told) : {};
    const held = this.tabs.contains(document.activeElement);
    fill(this.tabs, TABS.map((name) => h("button", {
      class: "button low", type: "button", role: "tab", id: `tab-${name}`, "aria-selected": String(name === tab), tabindex: name === tab ? "0" : "-1",
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
    const { healthy, reasons } = live.told;
    document.title = `${healthy ? "" : `▲ ${reasons.length} `}Sambus · ${t("page.operations")}`;
    this.head.draw();
    this.drawTabs();
    this.panels[tab].draw?.();
  }

  tick() {
    if (live.told) this.head.drawFigures(live.told);
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

function stands() {
  const here = live.standing === "live";
  standing.className = `badge ${here ? "good" : "warn"}`;
  standing.textContent = t(here ? "ops.live" : "ops.lost");
}

function keyboard() {
  bindKeys([
    ...TABS.map((name, at) => ({ keys: String((at + 1) % 10), word: `tab.${name}`, run: () => { page.show(name); page.panel.focus(); }, where: () => page !== null })),
    { keys: "a", word: "ops.to_alarms", run: () => page.head.alarms.querySelector("button, a")?.focus(), where: () => page !== null },
  ]);
}
