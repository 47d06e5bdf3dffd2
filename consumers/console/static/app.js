// The console of operations: signs in, follows the bus live, and puts verdict, alarms and the panels in their places.

import { Problem } from "/static/js/api.js";
import { fill, h } from "/static/js/dom.js";
import { bindKeys } from "/static/js/keys.js";
import { onPref } from "/static/js/prefs.js";
import { Bar, frame, signIn, signOut, whoAmI } from "/static/js/shell.js";
import { loadWords, t } from "/static/js/words.js";
import { Acts } from "./acts.js";
import { Live } from "./live.js";
import { useNames } from "./names.js";
import { Page, TABS } from "./page.js";
import { told } from "./said.js";

/** Seconds between looks at who sees to which alarm. */
const ACTS_S = 10;

const live = new Live();
const acts = new Acts();
const standing = h("span", { class: "badge warn", role: "status" });
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
  page = new Page(main, live, acts);
  stands();
  if (live.told) page.health();
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
