// The analyst's page: signs in, reads one subscription live, and puts list, card, map, pictures and duties in their places.

import { ask, Problem } from "/static/js/api.js";
import { fill, h, uid } from "/static/js/dom.js";
import { bindKeys } from "/static/js/keys.js";
import { onPref } from "/static/js/prefs.js";
import { Bar, frame, signIn, signOut, whoAmI } from "/static/js/shell.js";
import { loadWords, t } from "/static/js/words.js";
import { Actions, told } from "./actions.js";
import { ArchiveView } from "./archive.js";
import { Detail } from "./detail.js";
import { duties, requests } from "./desk.js";
import { CardList } from "./list.js";
import { Live } from "./live.js";
import { SwedenMap, timeline } from "./map.js";
import { type, types, useNames } from "./names.js";
import { pictures } from "./pictures.js";
import { State } from "./state.js";
import { every, subscribe } from "./subscriptions.js";

const TABS = ["card", "map", "pictures", "duties", "requests", "archive"];
const KEPT = "sambus.subscription";
/** Seconds between looks at what is owed. */
const LOOK_S = 30;

const state = new State();
const actions = new Actions(state);
const standing = h("span", { class: "badge", role: "status" });
let bar;
let who = null;
let live = null;
let subscriptions = [];
let tab = "card";
let draw = () => null;

await Promise.all([loadWords("/static/words.json", "/cards/assets/words.json"), fetch("/cards/names.json").then(async (answer) => useNames(await answer.json()))]);
bar = new Bar({ here: "/cards", state: standing, leave: leave });
const main = h("main", { class: "analyst" });
frame(bar, main);
keyboard();
onPref((name) => { if (name === "lang") draw(); });
await begin();

async function begin() {
  try {
    who = await whoAmI();
  } catch (problem) {
    draw = () => fill(main, h("div", { class: "empty stack" }, h("h1", {}, t("cards.title")), h("p", {}, problem instanceof Problem && problem.status === 401 ? t("cards.sign_in") : told(problem)),
      h("p", {}, h("button", { class: "button main", type: "button", on: { click: signIn } }, t("bar.in")))));
    draw();
    return;
  }
  bar.me(who);
  subscriptions = await every();
  draw = page;
  draw();
  const kept = subscriptions.find((each) => each.subscription_id === sessionStorage.getItem(KEPT)) ?? subscriptions[0];
  if (kept) await read(kept.subscription_id);
}

async function leave() {
  live?.stop();
  sessionStorage.removeItem(KEPT);
  await signOut();
  location.reload();
}

function page() {
  document.title = `Sambus · ${t("page.cards")}`;
  const list = new CardList(state);
  const detail = new Detail(state, actions);
  const map = new SwedenMap(state);
  const archive = new ArchiveView(state, who, reading, (id) => { state.choose(id); show("card"); });
  const panel = h("div", { class: "panel", role: "tabpanel" });
  const strip = h("div", { class: "strip" });
  const tabs = h("div", { class: "tabs", role: "tablist", "aria-label": t("cards.views") });
  fill(main, h("h1", { class: "sr-only" }, t("cards.title")), h("div", { class: "left stack" }, chooser(), filters(), strip, list.element), h("div", { class: "right stack" }, tabs, panel));
  const show = (name) => {
    tab = name;
    fill(tabs, TABS.map((each) => h("button", {
      class: "button low", type: "button", role: "tab", id: `tab-${each}`, "aria-selected": String(each === tab), tabindex: each === tab ? "0" : "-1",
      on: { click: () => show(each), keydown: (event) => moved(event, each, show) },
    }, t(`tab.${each}`))));
    panel.setAttribute("aria-labelledby", `tab-${tab}`);
    fill(panel, { card: detail.element, map: map.element, archive: archive.element }[tab] ?? h("div", { class: "stack", tabindex: "0", "aria-live": "off" }));
    if (tab === "map") map.load();
    if (!actions.subscription) return;
    if (tab === "pictures") pictures(panel.firstChild, who.unit);
    if (tab === "duties") duties(panel.firstChild, actions, (id) => { const card = state.card(id); if (card) { state.choose(card.card_id); show("card"); } });
    if (tab === "requests") requests(panel.firstChild, actions);
    if (tab === "archive") archive.register();
  };
  page.show = show;
  page.archive = archive;
  state.on("chosen", () => { if (state.chosen !== null && tab !== "card" && tab !== "map") show("card"); });
  state.on("cards", () => fill(strip, timeline(state)));
  show(tab);
  list.draw();
  page.list = list;
}

/** For what is read now: what a search states as its purpose. */
function reading() {
  const { purpose, case_ref = null } = subscriptions.find((each) => each.subscription_id === actions.subscription);
  return { purpose, case_ref };
}

function moved(event, each, show) {
  const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!by) return;
  show(TABS[(TABS.indexOf(each) + by + TABS.length) % TABS.length]);
  document.querySelector('[role="tab"][aria-selected="true"]').focus();
}

function chooser() {
  const id = uid("subscription");
  return h("div", { class: "row" }, h("label", { class: "sr-only", for: id }, t("subs.which")),
    h("select", { class: "input grow", id, on: { change: (event) => read(event.target.value) } },
      subscriptions.length ? subscriptions.map((each) => h("option", { value: each.subscription_id }, `${each.name} · ${each.purpose} · ${t("subs.to", { day: each.ends_on })}`)) : h("option", { value: "" }, t("subs.none"))),
    h("button", { class: `button${subscriptions.length ? "" : " main"}`, type: "button", on: { click: made } }, t("subs.new")),
    subscriptions.length ? h("button", { class: "button low", type: "button", on: { click: ended } }, t("subs.end")) : null);
}

async function made() {
  const fresh = await subscribe(who);
  if (!fresh) return;
  subscriptions = await every();
  draw();
  await read(fresh.subscription_id);
}

async function ended() {
  live?.stop();
  await ask(`/v1/subscriptions/${actions.subscription}`, { method: "DELETE" });
  actions.subscription = null;
  state.clear();
  subscriptions = await every();
  draw();
  if (subscriptions.length) await read(subscriptions[0].subscription_id);
}

function filters() {
  const [text, kind, priority] = [uid("text"), uid("kind"), uid("priority")];
  return h("div", { class: "filters" },
    h("div", { class: "field" }, h("label", { for: text }, t("filter.text")), h("input", { class: "input", id: text, type: "search", value: state.filter.text, on: { input: (event) => state.narrow({ text: event.target.value }) } })),
    h("div", { class: "field" }, h("label", { for: kind }, t("filter.type")), h("select", { class: "input", id: kind, on: { change: (event) => state.narrow({ type: event.target.value }) } },
      h("option", { value: "" }, t("subs.all_types")), types().map((name) => h("option", { value: name, selected: state.filter.type === name }, type(name))))),
    h("div", { class: "field" }, h("label", { for: priority }, t("filter.priority")), h("select", { class: "input", id: priority, on: { change: (event) => state.narrow({ priority: Number(event.target.value) }) } },
      [5, 4, 3, 2, 1].map((each) => h("option", { value: each, selected: state.filter.priority === each }, t("filter.up_to", { n: each }))))));
}

/** Read a subscription: what stands, then live from just before it, so that nothing falls between. */
async function read(id) {
  live?.stop();
  state.clear();
  actions.subscription = id;
  sessionStorage.setItem(KEPT, id);
  const select = main.querySelector("select.grow");
  if (select) select.value = id;
  try {
    const { cards, cursor } = await ask(`/v1/subscriptions/${id}/cards?since=7d`);
    for (const card of cards) state.take(card);
    live = new Live(id, cursor, { card: (card) => state.take(card, { fresh: true }), recall: recalled, standing: stands });
    live.start();
    page.show?.(tab);
  } catch (problem) {
    standing.className = "badge bad";
    standing.textContent = told(problem);
  }
}

function recalled(order) {
  state.withdraw(order.event_id, order.standing);
  page.archive?.withdraw(order.event_id);
}

function stands(word) {
  standing.className = `badge ${word === "live" ? "good" : "warn"}`;
  standing.textContent = t(`stream.${word}`);
}

function keyboard() {
  const there = () => draw === page && actions.subscription !== null;
  const chosen = () => there() && actions.chosen() !== null;
  bindKeys([
    { keys: "j", word: "key.next", run: () => page.list.step(1), where: there },
    { keys: "k", word: "key.former", run: () => page.list.step(-1), where: there },
    { keys: "a", word: "cards.ack", run: () => actions.acknowledge(actions.chosen()), where: chosen },
    { keys: "f", word: "cards.feedback", run: () => actions.feedback(actions.chosen()), where: chosen },
    { keys: "q", word: "cards.ask", run: () => actions.question(actions.chosen()), where: chosen },
    { keys: "l", word: "cards.tie", run: () => actions.suggest(actions.chosen()), where: chosen },
    { keys: "w", word: "cards.why", run: () => main.querySelector("details.why")?.toggleAttribute("open"), where: chosen },
    { keys: "o", word: "cards.tree", run: () => main.querySelector("details.more")?.toggleAttribute("open"), where: chosen },
    { keys: "/", word: "key.filter", run: () => main.querySelector("input[type=search]")?.focus(), where: there },
    ...TABS.map((name, at) => ({ keys: String(at + 1), word: `tab.${name}`, run: () => page.show(name), where: there })),
  ]);
  setInterval(async () => {
    if (!there() || document.hidden) return;
    const { overdue } = await ask(`${actions.base}/duties`).catch(() => ({ overdue: 0 }));
    const button = document.getElementById("tab-duties");
    if (button) button.textContent = overdue ? t("tab.duties_late", { n: overdue }) : t("tab.duties");
  }, LOOK_S * 1000);
}
