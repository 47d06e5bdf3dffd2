// The fields of a form, one maker for each kind. A widget has `element`, `get()`, `set(value)`, `focus()`, `fault()` (the key of
// its words, or null) and `shown()` (its value in a few words); `group` when it is several inputs, whose label is a legend.

import { Combobox } from "/static/js/combobox.js";
import { h, uid } from "/static/js/dom.js";
import { day as today, local, moments, typedDay, typedTime, utc } from "/static/js/time.js";
import { pick, t } from "/static/js/words.js";
import { gradeText } from "/static/js/badges.js";

/** Choices that fit beside each other are buttons, others a list that drops down. */
const MOST_BUTTONS = 9;
const MOST_LETTERS = 110;

/** Makers by kind: `(field, context, ids)` → widget. `ids` are {input, describedby}. */
export const WIDGETS = {
  text, long, whole, number, decimal, flag, yesno, choice, choices, moment, day, reference, id: eventId, ids: eventIds, texts, grade,
  area: (field, context, ids) => combo(field, context, ids, units(context), false),
  areas: (field, context, ids) => combo(field, context, ids, units(context), true),
  receiver: (field, context, ids) => combo(field, context, ids, receivers(context), false),
  receivers: (field, context, ids) => combo(field, context, ids, receivers(context), true),
  substance: (field, context, ids) => combo(field, context, ids, substances(context), false),
  substances: (field, context, ids) => combo(field, context, ids, substances(context), true),
};

function input(field, context, ids, attributes = {}) {
  return h("input", {
    class: "input", type: "text", id: ids.input, "aria-describedby": ids.describedby, "aria-required": field.required ? "true" : null,
    autocomplete: "off", maxlength: field.longest, on: { input: context.change, change: context.change }, ...attributes,
  });
}

function plainInput(field, context, ids, attributes, { get, fault, set = (value) => value ?? "" }) {
  const box = input(field, context, ids, attributes);
  const offered = suggestions(field, box);
  const widget = {
    element: withUnit(field, offered ? h("span", { class: "with-list" }, box, offered) : box),
    get: () => get(box.value.trim()),
    set: (value) => { box.value = set(value); },
    focus: () => box.focus(),
    fault: () => (box.value.trim() ? fault(box.value.trim()) : null),
    shown: () => box.value.trim(),
  };
  return widget;
}

function withUnit(field, element) {
  return field.unit ? h("div", { class: "with-unit" }, element, h("span", { class: "unit" }, pick(field.unit))) : element;
}

function suggestions(field, box) {
  if (!field.suggest?.length) return null;
  const id = uid("offered");
  box.setAttribute("list", id);
  return h("datalist", { id }, field.suggest.map((value) => h("option", { value: String(value) })));
}

function text(field, context, ids) {
  const plate = field.at.endsWith("/vehicle_plate");
  const tidy = (value) => (plate ? value.toUpperCase().replace(/[\s-]/g, "") : value);
  return plainInput(field, context, ids, plate ? { autocapitalize: "characters", spellcheck: "false" } : {}, {
    get: (value) => tidy(value) || undefined,
    fault: (value) => (field.pattern && !new RegExp(field.pattern).test(tidy(value)) ? "fault.form" : null),
  });
}

function long(field, context, ids) {
  const box = h("textarea", {
    class: "input", id: ids.input, rows: 3, maxlength: field.longest, "aria-describedby": ids.describedby,
    "aria-required": field.required ? "true" : null, spellcheck: "true", on: { input: context.change },
  });
  return {
    element: box, get: () => box.value.trim() || undefined, set: (value) => { box.value = value ?? ""; },
    focus: () => box.focus(), fault: () => null, shown: () => box.value.trim().slice(0, 40),
  };
}

/** A number as people write it in Sweden: a comma, and blanks between thousands. */
function written(value) {
  return value.replace(/[\s\u00a0\u202f]/g, "").replace(",", ".");
}

function limits(field, value) {
  if (field.min !== undefined && value < field.min) return "fault.small";
  if (field.above !== undefined && value <= field.above) return "fault.small";
  return field.max !== undefined && value > field.max ? "fault.large" : null;
}

function whole(field, context, ids) {
  return plainInput(field, context, ids, { inputmode: "numeric" }, {
    get: (value) => (value ? (/^-?\d+$/.test(written(value)) ? Number(written(value)) : value) : undefined),
    fault: (value) => (/^-?\d+$/.test(written(value)) ? limits(field, Number(written(value))) : "fault.whole"),
  });
}

function number(field, context, ids) {
  return plainInput(field, context, ids, { inputmode: "decimal" }, {
    get: (value) => (value ? (isNumber(value) ? Number(written(value)) : value) : undefined),
    fault: (value) => (isNumber(value) ? limits(field, Number(written(value))) : "fault.number"),
  });
}

function decimal(field, context, ids) {
  const places = new RegExp(`^-?\\d+(\\.\\d{1,${field.places ?? 10}})?$`);
  return plainInput(field, context, ids, { inputmode: "decimal" }, {
    get: (value) => (value ? written(value) : undefined),
    fault: (value) => {
      if (!isNumber(value)) return "fault.number";
      return places.test(written(value)) ? limits(field, Number(written(value))) : "fault.places";
    },
  });
}

function isNumber(value) {
  return /^-?\d+(\.\d+)?$/.test(written(value));
}

function flag(field, context, ids) {
  const box = h("input", { type: "checkbox", id: ids.input, "aria-describedby": ids.describedby, on: { change: context.change } });
  return {
    element: h("label", { class: "check" }, box, pick(field.label)), own: true,
    get: () => (box.checked ? true : undefined), set: (value) => { box.checked = value === true; },
    focus: () => box.focus(), fault: () => null, shown: () => (box.checked ? pick(field.label) : ""),
  };
}

function yesno(field, context, ids) {
  return buttons(field, context, ids, [[true, t("yes")], [false, t("no")]]);
}

function choice(field, context, ids) {
  const options = field.values.map((value) => [value, context.word(field.of, value)]);
  return asButtons(field, options) ? buttons(field, context, ids, options) : dropdown(field, context, ids, options);
}

function asButtons(field, options) {
  return options.length <= MOST_BUTTONS && options.reduce((sum, [, word]) => sum + word.length + 3, 0) <= MOST_LETTERS && (field.span ?? 6) >= 3;
}

/** Radio buttons in a row. One that need not be answered can be taken back. */
function buttons(field, context, ids, options) {
  const name = uid("choice");
  const all = field.required ? options : [[undefined, t("not_given")], ...options];
  const radios = all.map(([value]) => h("input", {
    type: "radio", name, value: String(value), "aria-describedby": ids.describedby,
    checked: value === undefined, on: { change: context.change },
  }));
  const chosen = () => all[radios.findIndex((radio) => radio.checked)];
  return {
    element: h("div", { class: "choices" }, all.map(([, word], place) => h("label", {}, radios[place], word))), group: true,
    get: () => chosen()?.[0],
    set: (wanted) => radios.forEach((radio, place) => { radio.checked = all[place][0] === wanted; }),
    focus: () => (radios.find((radio) => radio.checked) ?? radios[0]).focus(),
    fault: () => null,
    shown: () => (chosen()?.[0] === undefined ? "" : chosen()[1]),
  };
}

function dropdown(field, context, ids, options) {
  const box = h("select", {
    class: "input", id: ids.input, "aria-describedby": ids.describedby, "aria-required": field.required ? "true" : null, on: { change: context.change },
  }, h("option", { value: "" }, field.required ? t("choose") : t("not_given")), options.map(([value, word]) => h("option", { value: String(value) }, word)));
  const chosen = () => options.find(([value]) => String(value) === box.value);
  return {
    element: box, get: () => chosen()?.[0], set: (value) => { box.value = value === undefined ? "" : String(value); },
    focus: () => box.focus(), fault: () => null, shown: () => chosen()?.[1] ?? "",
  };
}

function choices(field, context, ids) {
  const boxes = field.values.map((value) => h("input", { type: "checkbox", value: String(value), "aria-describedby": ids.describedby, on: { change: context.change } }));
  const picked = () => field.values.filter((_, place) => boxes[place].checked);
  return {
    element: h("div", { class: "row" }, field.values.map((value, place) => h("label", { class: "check" }, boxes[place], context.word(field.of, value)))), group: true,
    get: () => (picked().length ? picked() : undefined),
    set: (values = []) => boxes.forEach((box, place) => { box.checked = values.includes(field.values[place]); }),
    focus: () => boxes[0].focus(), fault: () => null, shown: () => picked().map((value) => context.word(field.of, value)).join(", "),
  };
}

/** A time in Sweden, typed or taken. The hour that comes twice in autumn asks which one; UTC stands beside it. */
function moment(field, context, ids) {
  const second = h("input", { type: "checkbox", on: { change: () => changed() } });
  const twice = h("label", { class: "check small", hidden: true }, second, t("time.second"));
  const hint = h("span", { class: "help num" });
  const box = input(field, context, ids, {
    class: "input num", placeholder: t("time.how"), spellcheck: "false", on: { input: () => changed(), change: () => tidy() },
  });
  const meant = () => (typedTime(box.value) ? moments(typedTime(box.value)) : []);
  const value = () => meant()[second.checked && meant().length > 1 ? 1 : 0];
  const show = () => {
    twice.hidden = meant().length < 2;
    hint.textContent = value() ? utc(value()) : "";
  };
  const changed = () => { show(); context.change(); };
  const tidy = () => { if (value()) box.value = local(value()); changed(); };
  const set = (iso) => {
    const at = iso ? new Date(iso) : null;
    box.value = at ? local(at) : "";
    second.checked = meant().length > 1 && Math.abs(meant()[1] - at) < 60_000;
    show();
  };
  const take = (word, ahead) => h("button", {
    class: "button low", type: "button", on: { click: () => { set(new Date(Date.now() + ahead * 3600e3).toISOString()); context.change(); } },
  }, word);
  const quick = field.quick?.length ? field.quick.map((hours) => take(t("time.ahead", { n: hours < 48 ? `${hours} h` : `${hours / 24} d` }), hours)) : take(t("time.now"), 0);
  return {
    element: h("div", { class: "moment" }, h("div", { class: "with-unit" }, box, quick), twice, hint),
    get: () => value()?.toISOString(), set, focus: () => box.focus(),
    fault: () => (box.value.trim() && !meant().length ? "fault.time" : null), shown: () => (value() ? local(value()) : ""),
  };
}

function day(field, context, ids) {
  const box = input(field, context, ids, {
    class: "input num", placeholder: t("day.how"), spellcheck: "false",
    on: { input: context.change, change: () => { box.value = read() ?? box.value; context.change(); } },
  });
  const read = () => typedDay(box.value.trim());
  const set = (value) => { box.value = value ?? ""; };
  const now = h("button", { class: "button low", type: "button", on: { click: () => { set(today(new Date())); context.change(); } } }, t("day.today"));
  return {
    element: h("div", { class: "with-unit" }, box, now), get: () => read() ?? undefined, set, focus: () => box.focus(),
    fault: () => (box.value.trim() && !read() ? "fault.day" : null), shown: () => box.value,
  };
}

const HASH = /^[0-9a-f]{64}$/;

/** A number that goes further only as a keyed hash. One that came back is a hash already: it is kept, or replaced. */
function reference(field, context, ids) {
  let kept = null;
  const box = input(field, context, ids, { maxlength: 200, spellcheck: "false" });
  const mark = h("span", { class: "chip" });
  const show = () => {
    mark.hidden = kept === null;
    box.hidden = kept !== null;
    mark.replaceChildren(t("reference.kept", { end: kept?.slice(-6) ?? "" }), h("button", {
      type: "button", "aria-label": t("reference.replace"), on: { click: () => { kept = null; show(); box.focus(); context.change(); } },
    }, "×"));
  };
  show();
  return {
    element: h("div", { class: "reference" }, mark, box), get: () => kept ?? (box.value.trim() || undefined),
    set: (value) => {
      kept = value && HASH.test(value) ? value : null;
      box.value = kept ? "" : value ?? "";
      show();
    },
    focus: () => (kept ? mark.querySelector("button") : box).focus(),
    fault: () => (!kept && box.value && !/[\p{L}\p{N}]/u.test(box.value) ? "fault.form" : null),
    shown: () => (kept ? "…" + kept.slice(-6) : box.value.trim()),
  };
}

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

function eventId(field, context, ids) {
  return plainInput(field, context, ids, { spellcheck: "false", class: "input mono" }, {
    get: (value) => value.toLowerCase() || undefined, fault: (value) => (ID.test(value.toLowerCase()) ? null : "fault.id"),
  });
}

function eventIds(field, context, ids) {
  const widget = texts({ ...field, tidy: (value) => value.toLowerCase() }, context, ids);
  return { ...widget, fault: () => ((widget.get() ?? []).every((value) => ID.test(value)) ? null : "fault.id") };
}

/** Several texts: typed one after the other, or taken from what is offered. */
function texts(field, context, ids) {
  const options = (field.suggest ?? []).map((value) => ({ value: String(value), label: String(value) }));
  return combo(field, context, ids, () => options, true, { free: true, tidy: field.tidy, placeholder: t("texts.how") });
}

function combo(field, context, ids, options, many, more = {}) {
  const box = new Combobox({ options, many, ids, required: field.required, change: context.change, ...more });
  return {
    element: box.element, get: () => (many ? (box.values.length ? [...box.values] : undefined) : box.values[0]),
    set: (value) => box.set(value === undefined ? [] : [value].flat()), focus: () => box.focus(),
    fault: () => (box.unknown ? "fault.unknown" : null), shown: () => box.values.map((value) => box.label(value)).join(", "),
  };
}

/** The two keys: a letter for the source, a digit for the information. Typed ("b2") or picked. */
function grade(field, context, ids) {
  let stamp = {};
  const box = h("input", {
    class: "input mono two-keys", type: "text", id: ids.input, maxlength: 2, autocomplete: "off", autocapitalize: "characters", spellcheck: "false",
    "aria-label": t("grade.keys"), "aria-describedby": ids.describedby, placeholder: "B2", on: { input: () => typed() },
  });
  const source = picks("source", ["A", "B", "C", "X"]);
  const info = picks("info", ["1", "2", "3", "4"]);
  const said = h("p", { class: "small", "aria-live": "polite" });
  const show = () => { said.textContent = whole2() ? gradeText(chosen()) : ""; };
  const chosen = () => ({ source: source.get(), info: Number(info.get()) });
  const whole2 = () => source.get() && info.get();
  const touched = () => {
    stamp = field.stamped ? { by: context.me?.subject ?? "", at: new Date().toISOString() } : {};
    show();
    context.change();
  };
  function typed() {
    const value = box.value.toUpperCase();
    source.set([...value].find((letter) => "ABCX".includes(letter)));
    info.set([...value].find((digit) => "1234".includes(digit)));
    touched();
  }
  function picks(name, values) {
    const group = uid(name);
    const radios = values.map((value) => h("input", {
      type: "radio", name: group, value, "aria-label": `${value}: ${t(`grade.${name}.${value}`)}`,
      on: { change: () => { box.value = `${source.get() ?? ""}${info.get() ?? ""}`; touched(); } },
    }));
    return {
      element: h("div", { class: "choices", role: "group", "aria-label": t(`grade.${name}`) }, values.map((value, place) =>
        h("label", { title: t(`grade.${name}.${value}`) }, radios[place], value))),
      get: () => radios.find((radio) => radio.checked)?.value,
      set: (value) => radios.forEach((radio) => { radio.checked = radio.value === value; }),
    };
  }
  const set = (value) => {
    stamp = value?.by ? { by: value.by, at: value.at } : {};
    source.set(value?.source);
    info.set(value ? String(value.info) : undefined);
    box.value = value ? `${value.source ?? ""}${value.info ?? ""}` : "";
    show();
  };
  return {
    element: h("div", { class: "grade-field" }, h("div", { class: "row" }, box, source.element, info.element,
      h("button", { class: "button low", type: "button", on: { click: () => { set(); context.change(); box.focus(); } } }, t("clear"))), said), group: true,
    get: () => (source.get() || info.get() ? { source: source.get(), info: info.get() ? Number(info.get()) : undefined, ...stamp } : undefined),
    set, focus: () => box.focus(),
    fault: () => (box.value && !/^[ABCXabcx][1-4]$/.test(box.value) ? "fault.grade" : null),
    shown: () => (whole2() ? `${source.get()}${info.get()}` : ""),
  };
}

function units({ lookup }) {
  return () => lookup.unitOptions;
}

function receivers({ lookup }) {
  return () => lookup.receiverOptions;
}

function substances({ lookup }) {
  return () => lookup.substanceOptions;
}
