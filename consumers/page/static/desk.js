// What the desk owes and what was asked: duties with their clocks, requests to it and from it, answered from here.

import { ask } from "/static/js/api.js";
import { fill, h } from "/static/js/dom.js";
import { timeElement } from "/static/js/time.js";
import { t } from "/static/js/words.js";
import { told } from "./actions.js";
import { desk, value } from "./names.js";

const CONFIRMED = /^confirm/;

/** Draw what is owed into an element; gives how many are overdue. */
export async function duties(into, actions, open) {
  return loaded(into, `${actions.base}/duties`, ({ duties: owed, overdue }) => {
    fill(into, owed.length ? h("table", { class: "table" },
      h("thead", {}, h("tr", {}, ["what", "until", "about", "act"].map((word) => h("th", {}, t(`duty.${word}`))))),
      h("tbody", {}, owed.map((duty) => h("tr", {},
        h("td", {}, value(duty.obligation), duty.overdue ? h("span", { class: "badge bad" }, t("duty.late")) : null),
        h("td", {}, timeElement(duty.due_at)),
        h("td", {}, h("button", { class: "button low", type: "button", on: { click: () => open(duty.delivery_id.split(":")[0]) } }, t("duty.open"))),
        h("td", {}, h("button", { class: "button", type: "button", on: { click: () => done(duty, into, actions, open) } },
          t(CONFIRMED.test(duty.obligation) ? "duty.confirm" : "duty.done"))))))) : h("p", { class: "empty" }, t("duty.none")));
    return overdue;
  });
}

async function done(duty, into, actions, open) {
  const kind = CONFIRMED.test(duty.obligation) ? "confirmed" : duty.obligation.startsWith("acknowledge") ? "acknowledged" : "done";
  await actions.receipt(duty.delivery_id, kind, kind === "done" ? duty.obligation : undefined);
  await duties(into, actions, open);
}

/** Draw requests into an element. */
export async function requests(into, actions) {
  return loaded(into, `${actions.base}/requests`, ({ requests: all }) => {
    fill(into, all.length ? all.map((each) => request(each, actions)) : h("p", { class: "empty" }, t("request.none")));
    return all.filter((each) => each.standing === "late").length;
  });
}

function request(each, actions) {
  return h("article", { class: "card" },
    h("header", {}, h("h3", {}, t(`request.${each.box}`), " · ", desk(each.asker)),
      h("span", { class: `badge ${each.standing.includes("late") ? "bad" : each.standing === "open" ? "warn" : "good"}` }, t(`request.${each.standing}`))),
    h("p", { class: "text" }, each.request.question ?? ""),
    h("p", { class: "quiet small" }, t("request.asked"), " ", timeElement(each.asked_at), each.due_at ? [" · ", t("request.due"), " ", timeElement(each.due_at)] : null),
    each.replies.map((reply) => h("p", {}, h("strong", {}, desk(reply.desk)), " ", timeElement(reply.at), " · ", value(reply.result))),
    each.box === "to_us" && !each.standing.startsWith("answered")
      ? h("button", { class: "button main", type: "button", on: { click: () => actions.reply(each) } }, t("cards.reply")) : null);
}

async function loaded(into, address, draw) {
  try {
    return draw(await ask(address));
  } catch (problem) {
    fill(into, h("p", { class: "notice bad" }, told(problem)));
    return 0;
  }
}
