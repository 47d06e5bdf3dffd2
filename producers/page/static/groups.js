// Fields that hold fields: a place with its coordinates, and lists of things. Same manners as the widgets.

import { fill, h, uid } from "/static/js/dom.js";
import { toast } from "/static/js/toast.js";
import { pick, t } from "/static/js/words.js";
import { coordinates, here } from "./coordinates.js";
import { put } from "./pointer.js";

/** A place: coordinates in one field, and what else is said of it. `make` makes the fields inside. */
export function place(field, context, make) {
  const help = uid("help");
  const box = h("input", {
    class: "input mono", type: "text", "aria-label": t("place.coordinates"), "aria-describedby": help, autocomplete: "off", spellcheck: "false",
    placeholder: "59.39020, 17.93110", on: { input: context.change, change: () => tidy() },
  });
  const inner = make(field.fields ?? [], field.at);
  const tidy = () => {
    const found = coordinates(box.value);
    if (found) box.value = `${found.lat}, ${found.lon}`;
    context.change();
  };
  const locate = async () => {
    try {
      const found = await here();
      box.value = `${found.lat}, ${found.lon}`;
      inner.fieldAt("/accuracy_m")?.widget.set(found.accuracy_m);
      context.change();
    } catch {
      toast(t("place.unknown"));
    }
  };
  const more = () => inner.get();
  return {
    element: h("div", { class: "stack" },
      h("div", { class: "field" },
        h("div", { class: "with-unit" }, box, h("button", { class: "button low", type: "button", on: { click: locate } }, t("place.here"))),
        field.help ? h("span", { class: "help", id: help }, pick(field.help)) : null),
      inner.element),
    fields: inner, ownHelp: true,
    get: () => {
      const found = coordinates(box.value);
      const said = { ...(found ?? (box.value.trim() ? { lat: box.value.trim() } : {})), ...more() };
      return Object.keys(said).length ? said : undefined;
    },
    set: (value) => {
      box.value = value?.lat === undefined || value?.lon === undefined ? value?.lat ?? "" : `${value.lat}, ${value.lon}`;
      inner.set(value ?? {});
    },
    focus: () => box.focus(),
    fault: () => {
      if (box.value.trim()) return coordinates(box.value) ? null : "fault.place";
      return Object.keys(more()).length ? "fault.place" : null;
    },
    check: () => (box.value.trim() ? inner.check() : []),
    shown: () => box.value.trim(),
  };
}

/** A list: each thing in a card of its own, with a button to add one and one to take each away. */
export function list(field, context, make) {
  let items = [];
  const cards = h("ol", { class: "items" });
  const adding = h("button", { class: "button", type: "button", on: { click: () => { add({}).focus(); context.change(); } } }, t("list.add", { what: pick(field.one) }));
  const draw = () => {
    fill(cards, items.map((item, index) => h("li", { class: "item", "aria-label": `${pick(field.one)} ${index + 1}` },
      h("div", { class: "row spread" }, h("strong", { class: "num" }, `${index + 1}`),
        h("button", { class: "button low", type: "button", "aria-label": t("list.remove", { what: pick(field.one), n: index + 1 }), on: { click: () => remove(item) } }, t("remove"))),
      item.element)));
    adding.hidden = field.most !== undefined && items.length >= field.most;
    items.forEach((item, index) => item.moved(`${field.at}/${index}`));
  };
  const numbered = field.fields.filter((each) => each.default === "index").map((each) => each.at);
  const add = (said) => {
    const item = make(field.fields, `${field.at}/${items.length}`);
    const value = structuredClone(said);
    if (!Object.keys(value).length) for (const at of numbered) put(value, at, items.length + 1);
    item.set(value);
    items.push(item);
    draw();
    return item;
  };
  const remove = (item) => {
    items = items.filter((each) => each !== item);
    draw();
    context.change();
    adding.focus();
  };
  return {
    element: h("div", { class: "stack" }, cards, h("div", {}, adding)),
    items: () => items,
    get: () => (items.length ? items.map((item) => item.get()) : undefined),
    set: (values) => {
      items = [];
      for (const value of values ?? []) add(value);
      if (!items.length && field.least) add({});
      draw();
    },
    focus: () => (items[0] ?? adding).focus(),
    fault: () => null,
    check: () => items.flatMap((item) => item.check()),
    shown: () => (items.length ? `${items.length} ${pick(field.label).toLowerCase()}` : ""),
  };
}
