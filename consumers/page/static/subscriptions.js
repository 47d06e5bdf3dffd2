// Subscriptions: which areas and types are read, for what, and until when. Nothing is read without one.

import { ask } from "/static/js/api.js";
import { Combobox } from "/static/js/combobox.js";
import { h, uid } from "/static/js/dom.js";
import { sheet } from "/static/js/dialog.js";
import { day } from "/static/js/time.js";
import { t } from "/static/js/words.js";
import { told } from "./actions.js";
import { purposes, type, types, units } from "./names.js";

const USUAL_DAYS = 90;

/** Everything that this person subscribes to. Errors: `Problem`. */
export async function every() {
  return (await ask("/v1/subscriptions")).subscriptions;
}

/** Ask for a new subscription in a sheet; resolves with it, or with null. */
export function subscribe(who) {
  let areas = [who.unit];
  return sheet(t("subs.new"), (close) => {
    const fault = h("p", { class: "notice bad", role: "alert", hidden: true });
    const ids = { name: uid("name"), area: uid("area"), type: uid("type"), purpose: uid("purpose"), until: uid("until") };
    const combo = new Combobox({ options: units, many: true, values: areas, change: (values) => { areas = values; }, ids: { input: ids.area } });
    const form = h("form", { class: "stack", on: { submit: async (event) => {
      event.preventDefault();
      const entered = Object.fromEntries(new FormData(form));
      try {
        close(await ask("/v1/subscriptions", { method: "POST", body: {
          name: entered.name, areas: areas.length ? areas : ["se"], types: entered.type ? [entered.type] : ["*"], topics: ["*"], purpose: entered.purpose, ends_on: entered.until,
        } }));
      } catch (problem) {
        fault.textContent = told(problem);
        fault.hidden = false;
      }
    } } },
    labelled(ids.name, "subs.name", h("input", { class: "input", id: ids.name, name: "name", required: true, value: t("subs.usual") })),
    labelled(ids.area, "subs.areas", combo.element),
    labelled(ids.type, "subs.types", h("select", { class: "input", id: ids.type, name: "type" },
      h("option", { value: "" }, t("subs.all_types")), types().map((name) => h("option", { value: name }, type(name))))),
    labelled(ids.purpose, "subs.purpose", h("select", { class: "input", id: ids.purpose, name: "purpose" },
      purposes().map((each) => h("option", { value: each }, `${each} · ${t(`purpose.${each}`)}`)))),
    labelled(ids.until, "subs.until", h("input", { class: "input", id: ids.until, name: "until", type: "date", required: true, value: day(new Date(Date.now() + USUAL_DAYS * 86_400e3)) })),
    fault,
    h("div", { class: "actions" },
      h("button", { class: "button", type: "button", on: { click: () => close() } }, t("cancel")),
      h("button", { class: "button main", type: "submit" }, t("subs.make"))));
    return form;
  });
}

function labelled(id, word, control) {
  return h("div", { class: "field" }, h("label", { for: id }, t(word)), control);
}
