// The publishing page: starts it, leads from what is chosen to a form and from a form to the gateway.

import { ask, clockSkew } from "/static/js/api.js";
import { confirm, sheet } from "/static/js/dialog.js";
import { fill, h } from "/static/js/dom.js";
import { bindKeys } from "/static/js/keys.js";
import { onPref } from "/static/js/prefs.js";
import { Bar, frame, signIn, signOut, whoAmI } from "/static/js/shell.js";
import { local } from "/static/js/time.js";
import { toast } from "/static/js/toast.js";
import { loadWords, number, pick, t } from "/static/js/words.js";
import { Editor } from "./editor.js";
import { valuesOf } from "./event.js";
import { startingValues } from "./form.js";
import { Lists } from "./lists.js";
import { optionsOf } from "./lookup.js";
import { Outbox } from "./outbox.js";
import { Store } from "./store.js";
import { newEventId } from "./uuid.js";

/** How long drafts are shown without a connection after the last sign-in: a working day. */
const UNLOCKED = 12 * 3600e3;
const RETURNED_EVERY = 60_000;
/** A clock that is so far off makes times that the bus refuses. */
const MOST_SKEW = 5 * 60e3;
/** Reject codes that another id mends. */
const NEW_ID = ["ID_REUSED", "ID_TIME_OUT_OF_WINDOW"];

class App {
  async start() {
    await loadWords("/static/words.json", "/publish/assets/words.json");
    const [{ forms, words }, lookup, store] = await Promise.all([ask("/publish/forms"), ask("/publish/lookup"), Store.open()]);
    Object.assign(this, { forms, vocabularies: words, lookup, store, me: null, returned: [], editor: null, locked: false });
    this.outbox = new Outbox(store, (type) => this.formOf(type), () => this.changed());
    this.state = h("span", { class: "row", role: "status" });
    this.bar = new Bar({ here: "/publish", state: this.state, leave: () => this.leave() });
    this.lists = new Lists({ open: (record) => this.open(record), mend: (each) => this.mend(each) }, (type) => this.titleOf(type));
    this.stage = h("div", { class: "stage stack" });
    this.notices = h("div", { class: "notices stack" });
    frame(this.bar, h("main", { class: "publish" }, this.notices, this.lists.element, this.stage));
    this.keys();
    onPref((name) => { if (name === "lang") this.draw(); });
    await this.enter();
    keepPage();
    setInterval(() => this.fetchReturned(), RETURNED_EVERY);
    addEventListener("hashchange", () => this.follow());
  }

  /** Find out who is here: by the gateway, or without a connection by who was here last today. */
  async enter() {
    try {
      this.me = await whoAmI();
      await this.store.put({ id: "me", me: this.me, at: Date.now() });
    } catch (problem) {
      const last = problem.code === "OFFLINE" || problem.passing ? await this.store.get("me") : null;
      this.me = last && Date.now() - last.at < UNLOCKED ? last.me : null;
      this.locked = Boolean(last) && !this.me;
      this.outbox.online = problem.code !== "OFFLINE";
      this.outbox.needsSignIn = problem.status === 401;
    }
    this.bar.me(this.me);
    if (this.me) await this.outbox.load(this.me);
    this.fetchReturned();
    this.follow();
  }

  formOf(type) {
    return this.forms.find((form) => form.type === type);
  }

  titleOf(type) {
    const form = this.formOf(type);
    return form ? pick(form.title) : type ?? t("unknown_type");
  }

  /** The forms that the function of this desk may publish. */
  mine() {
    return this.forms.filter((form) => !form.publishers.length || form.publishers.includes(this.me?.function));
  }

  draw() {
    document.title = t("title");
    this.changed();
    if (this.editor) this.editor.redraw();
    else this.choose();
  }

  /** Something in the outbox changed. */
  changed() {
    this.lists.draw({ outbox: this.outbox, returned: this.returned, open: this.editor?.record.id, locked: this.locked });
    const waiting = this.outbox.of("queued").length;
    const { online, needsSignIn } = this.outbox;
    fill(this.state,
      online ? null : h("span", { class: "badge warn" }, t("state.offline")),
      waiting ? h("span", { class: "badge warn" }, t("state.waiting", { n: number(waiting) })) : null);
    fill(this.notices,
      needsSignIn && this.me ? h("div", { class: "notice warn" }, t("notice.in", { n: number(waiting) }),
        h("button", { class: "button main", type: "button", on: { click: () => this.again() } }, t("bar.in"))) : null,
      this.outbox.others ? h("div", { class: "notice" }, t("notice.others", { n: number(this.outbox.others) }),
        h("button", { class: "button", type: "button", on: { click: () => this.forgetOthers() } }, t("notice.forget"))) : null,
      Math.abs(clockSkew() ?? 0) > MOST_SKEW ? h("div", { class: "notice bad" }, t("notice.clock", { n: number(Math.round(clockSkew() / 60e3)) })) : null);
    this.editor?.outboxChanged();
  }

  // What stands on the stage -----------------------------------------------------------------------------------------

  /** Go where the address says: #new/TYPE?field=value, or the start. */
  follow() {
    const [, type, query] = location.hash.match(/^#new\/(\w+)(?:\?(.*))?$/) ?? [];
    const form = type && this.me ? this.mine().find((each) => each.type === type) : null;
    if (!form) {
      if (!this.editor) this.choose();
      return;
    }
    history.replaceState(null, "", location.pathname);
    this.write(form, Object.fromEntries(new URLSearchParams(query ?? "")));
  }

  /** What shall it be? */
  choose() {
    this.editor = null;
    this.lists.draw({ outbox: this.outbox, returned: this.returned, open: null, locked: this.locked });
    if (!this.me) {
      fill(this.stage, h("div", { class: "card stack welcome" }, h("h1", {}, t("title")), h("p", {}, t(this.locked ? "welcome.locked" : "welcome.out")),
        h("div", {}, h("button", { class: "button main", type: "button", on: { click: signIn } }, t("bar.in")))));
      return;
    }
    const mine = this.mine();
    fill(this.stage, h("h1", {}, t("choose.title")), mine.length && this.me.roles.includes("publisher") ? null : h("p", { class: "notice warn" }, t("choose.none")),
      h("ul", { class: "types plainlist" }, mine.map((form, place) => h("li", {}, h("button", { class: "type card", type: "button", on: { click: () => this.write(form) } },
        h("strong", {}, pick(form.title)), h("span", { class: "small quiet" }, pick(form.about)), h("kbd", { "aria-hidden": "true" }, place + 1))))));
  }

  /** Begin a report. `known` are values to begin with, by their places with dots, as a link from another page gives them. */
  write(form, known = {}) {
    const id = newEventId();
    const values = startingValues(form, { me: this.me, number: `${local(new Date(), { date: true }).slice(0, 10)}-${id.slice(-6)}` });
    for (const [name, value] of Object.entries(known)) {
      const field = form.sections.flatMap(({ fields }) => fields).find(({ at }) => at === `/payload/${name}`);
      if (field) values.payload = { ...values.payload, [name]: value };
    }
    this.edit({ id, state: "draft", type: form.type, values, problems: [], changed: Date.now(), label: "" });
  }

  open(record) {
    if (record.values && this.formOf(record.type)) this.edit(record);
  }

  edit(record) {
    this.editor?.close();
    this.editor = new Editor(record, this);
    fill(this.stage, this.editor.element);
    this.changed();
    this.editor.begin();
  }

  /** Back to the start. */
  done() {
    this.editor?.close();
    this.choose();
    this.changed();
    this.stage.querySelector("button")?.focus();
  }

  // What came back ----------------------------------------------------------------------------------------------------

  async fetchReturned() {
    if (!this.me || document.hidden || !this.me.roles.includes("publisher")) return;
    try {
      const { returned } = await ask("/publish/returned");
      const handled = (await this.store.get("handled"))?.places ?? [];
      this.returned = returned.filter(({ place }) => !handled.includes(place));
      this.changed();
    } catch {
      // The next time will tell; what is known stays.
    }
  }

  /** A record in quarantine, back into its form with its faults on the fields. */
  async mend(each) {
    const form = this.formOf(each.event_type);
    if (!form || !each.content) {
      await this.tellReturned(each, form ? "returned.secret" : "returned.no_form");
      return;
    }
    const id = each.errors.some(({ code }) => NEW_ID.includes(code)) ? newEventId() : each.event_id;
    this.edit({ id, state: "refused", type: form.type, values: valuesOf(each.content), problems: each.errors, place: each.place, changed: Date.now(), label: "" });
  }

  tellReturned(each, why) {
    return sheet(this.titleOf(each.event_type), (close) => [
      h("p", {}, t(why)), h("p", { class: "mono small" }, each.event_id ?? each.place),
      h("ul", {}, each.errors.map(({ code, pointer, ...remedies }) => h("li", {}, h("code", {}, `${code} ${pointer}`), ` ${pick([remedies.remedy_sv, remedies.remedy_en])}`))),
      h("div", { class: "actions" }, h("button", { class: "button main", type: "button", on: { click: () => close() } }, t("close"))),
    ]);
  }

  /** What was mended and sent again is not shown again in this browser. */
  async handled(place) {
    const places = (await this.store.get("handled"))?.places ?? [];
    await this.store.put({ id: "handled", places: [...places, place].slice(-500) });
    this.returned = this.returned.filter((each) => each.place !== place);
  }

  // Coming and going ---------------------------------------------------------------------------------------------------

  /** Sign in anew, with what is being written kept. */
  async again() {
    await this.editor?.save();
    signIn();
  }

  async leave() {
    await this.editor?.save();
    const unsent = this.outbox.of("draft", "queued", "refused").length;
    const sure = !unsent || await confirm({ title: t("leave.title"), text: t("leave.text", { n: number(unsent) }), yes: t("leave.yes"), no: t("leave.no"), danger: true });
    if (!sure) return;
    try {
      await signOut();
    } catch (problem) {
      if (problem.status !== 401) {
        toast(t("leave.failed"));
        return;
      }
    }
    this.editor?.close();
    await this.store.clear();
    location.assign("/publish");
  }

  async forgetOthers() {
    if (!await confirm({ title: t("notice.forget"), text: t("notice.forget_text"), yes: t("notice.forget"), danger: true })) return;
    for (const record of await this.store.all()) {
      if (record.state && !this.outbox.records.has(record.id)) await this.store.remove(record.id);
    }
    await this.outbox.load(this.me);
  }

  word(vocabulary, value) {
    const both = this.vocabularies[vocabulary]?.[String(value)];
    return both ? pick(both) : String(value);
  }

  options() {
    return optionsOf(this.lookup);
  }

  keys() {
    const choosing = () => !this.editor && Boolean(this.me);
    bindKeys([
      { keys: "n", word: "keys.new", run: () => this.editor ? this.editor.save().then(() => this.done()) : this.stage.querySelector("button")?.focus() },
      ...[1, 2, 3, 4, 5, 6, 7, 8].map((place) => ({
        keys: String(place), word: "keys.type", unlisted: place > 1, where: choosing, run: () => { const form = this.mine()[place - 1]; if (form) this.write(form); },
      })),
      { keys: "mod+enter", word: "keys.send", where: () => this.editor, run: () => this.editor.send() },
      { keys: "alt+k", word: "keys.check", where: () => this.editor, run: () => this.editor.check() },
      { keys: "alt+arrowdown", word: "keys.next", where: () => this.editor, run: () => this.editor.form.step(1) },
      { keys: "alt+arrowup", word: "keys.before", where: () => this.editor, run: () => this.editor.form.step(-1) },
      { keys: "mod+s", word: "keys.save", where: () => this.editor, run: () => this.editor.save().then(() => toast(t("saved"))) },
      { keys: "escape", word: "keys.back", where: () => this.editor, run: () => this.editor.save().then(() => this.done()) },
    ]);
  }
}

/** Keep the page itself for times without a connection, and tell when there is a newer one. */
async function keepPage() {
  if (!("serviceWorker" in navigator)) return;
  const kept = await navigator.serviceWorker.register("/publish/worker.js", { scope: "/publish" });
  const offer = (worker) => {
    if (!navigator.serviceWorker.controller) return;
    toast(t("newer"), { action: { label: t("newer.take"), run: () => {
      navigator.serviceWorker.addEventListener("controllerchange", () => location.reload());
      worker.postMessage("take-over");
    } } });
  };
  if (kept.waiting) offer(kept.waiting);
  kept.addEventListener("updatefound", () => {
    const coming = kept.installing;
    coming?.addEventListener("statechange", () => { if (coming.state === "installed") offer(coming); });
  });
}

const app = new App();
await app.start();
document.documentElement.dataset.ready = "";


