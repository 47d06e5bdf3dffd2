// One report being written: its form, what the rules say of it, and the buttons under it. It is saved as it is written.

import { confirm } from "/static/js/dialog.js";
import { fill, h } from "/static/js/dom.js";
import { shown } from "/static/js/keys.js";
import { local } from "/static/js/time.js";
import { toast } from "/static/js/toast.js";
import { pick, t } from "/static/js/words.js";
import { Form } from "./form.js";
import { Panel } from "./panel.js";

/** What is written is saved at once, and then no more often than this, in milliseconds: a page can go at any moment. */
const SAVED_EVERY = 250;
const LABEL = 60;

/** Shows a record; `app` keeps it, sends it, and knows who writes. */
export class Editor {
  constructor(record, app) {
    Object.assign(this, { record, app, timer: null, kept: 0, sending: false, touched: false });
    this.element = h("div", { class: "editor" });
    this.redraw();
  }

  /** Draw it all anew: in another language, or after it came back. */
  redraw() {
    this.panel?.close();
    const described = this.app.formOf(this.record.type);
    const context = { lookup: this.app.options(), me: this.app.me, word: (vocabulary, value) => this.app.word(vocabulary, value) };
    this.form = new Form(described, this.record.values, context, () => this.changed());
    this.panel = new Panel({ record: this.record, form: described, goTo: (pointer) => this.goTo(pointer), nameOf: (pointer) => this.nameOf(pointer) });
    this.trouble = h("div", { class: "stack", role: "alert" });
    this.saved = h("span", { class: "small quiet" });
    this.sendButton = h("button", { class: "button main", type: "button", on: { click: () => this.send() } }, t("send"), " ", shown("mod+enter"));
    fill(this.element,
      h("div", { class: "stack writing" },
        h("header", { class: "row spread" }, h("h1", {}, pick(described.title)), this.saved),
        this.trouble, this.form.element,
        h("div", { class: "actions" }, this.sendButton,
          h("button", { class: "button", type: "button", on: { click: () => this.check() } }, t("check"), " ", shown("alt+k")),
          h("button", { class: "button", type: "button", on: { click: () => this.save().then(() => this.app.done()) } }, t("later")),
          h("span", { class: "fill" }),
          h("button", { class: "button low", type: "button", on: { click: () => this.discard() } }, t("discard")))),
      this.panel.element);
    this.blurred();
    this.showProblems(this.record.problems);
    this.panel.changed(this.form.check());
  }

  /** A field that was left is looked at; while it is written in, nothing is said of it. */
  blurred() {
    this.form.element.addEventListener("focusout", (event) => {
      const left = event.target.closest?.("[data-at]");
      if (!left || left.contains(event.relatedTarget)) return;
      const field = this.form.nearest(left.dataset.at);
      const fault = field?.check().find(({ pointer, word }) => pointer === field.pointer && word !== "fault.missing");
      if (field && !field.inner().length) field.fault(fault ? t(fault.word) : null);
    });
  }

  begin() {
    scrollTo(0, 0);
    const [first] = this.record.problems;
    const field = first ? this.form.nearest(first.pointer) : null;
    if (field) this.form.goTo(field);
    else this.form.sections[0].fields.focus();
  }

  changed() {
    this.record.values = this.form.values();
    this.record.label = (this.record.values.payload?.summary ?? this.record.values.payload?.question ?? "").slice(0, LABEL);
    this.touched = true;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.save(), Math.max(0, this.kept + SAVED_EVERY - Date.now()));
    this.panel?.changed(this.form.check());
  }

  /** Keep what is written. A form that nobody has touched is not kept. */
  async save() {
    clearTimeout(this.timer);
    if (!this.touched || this.sending || !["draft", "refused"].includes(this.record.state)) return;
    this.kept = Date.now();
    await this.app.outbox.keep(this.record);
    this.saved.textContent = t("saved_at", { time: local(Date.now(), { date: false }) });
  }

  /** Look at everything: what the browser sees, then what the gateway says. Gives whether it is right. */
  async check() {
    const faults = this.form.check();
    if (faults.length) {
      this.showFaults(faults.map(({ pointer, word }) => ({ pointer, text: t(word) })));
      this.goTo(faults[0].pointer);
      return false;
    }
    const problems = await this.panel.look();
    this.showProblems(problems);
    if (problems.length) this.goTo(problems[0].pointer);
    return !problems.length;
  }

  async send() {
    const faults = this.form.check();
    if (this.sending || faults.length) {
      if (faults.length) await this.check();
      return;
    }
    this.sending = true;
    clearTimeout(this.timer);
    this.sendButton.disabled = true;
    const { place } = this.record;
    await this.app.outbox.send(this.record);
    this.sending = false;
    this.sendButton.disabled = false;
    if (this.record.state === "refused") {
      this.panel.changed(this.form.check());
      this.showProblems(this.record.problems);
      this.goTo(this.record.problems[0].pointer);
      return;
    }
    if (place) await this.app.handled(place);
    toast(t(this.record.state === "sent" ? "sent" : "queued"));
    this.app.done();
  }

  async discard() {
    if (this.touched && !await confirm({ title: t("discard"), text: t("discard.text"), yes: t("discard"), danger: true })) return;
    clearTimeout(this.timer);
    this.touched = false;
    if (this.record.place) await this.app.handled(this.record.place);
    await this.app.outbox.drop(this.record);
    this.app.done();
  }

  /** The bus may have said more of this record meanwhile. */
  outboxChanged() {}

  close() {
    clearTimeout(this.timer);
    this.panel.close();
  }

  goTo(pointer) {
    const field = this.form.nearest(pointer);
    if (field) this.form.goTo(field);
    else this.trouble.scrollIntoView({ block: "center" });
  }

  nameOf(pointer) {
    const field = this.form.nearest(pointer);
    return field ? pick(field.described.label) : pointer || t("whole");
  }

  showProblems(problems) {
    this.showFaults(problems.map(({ code, pointer, remedy_sv: sv, remedy_en: en }) => ({ pointer, code, text: pick([sv, en]) })));
  }

  showFaults(faults) {
    const rest = this.form.show(faults);
    fill(this.trouble, faults.length ? h("div", { class: "notice bad" }, h("strong", {}, t("trouble", { n: faults.length })),
      rest.length ? h("ul", {}, rest.map(({ code, pointer, text }) => h("li", {}, text, " ", h("code", {}, [code, pointer].filter(Boolean).join(" "))))) : null) : null);
  }
}
