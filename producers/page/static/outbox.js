// What is sent, and what became of it. A report is sent until the gateway has taken or refused it: also after the line was
// away, the session had ended or the page was closed in between. Its id stays the same, so nothing is there twice.

import { ask } from "/static/js/api.js";
import { eventOf } from "./event.js";

const FIRST_WAIT = 2_000;
const LAST_WAIT = 60_000;
/** When to ask what became of a report that was taken, in milliseconds after one another. */
const ASKED_AFTER = [1_000, 2_000, 4_000, 10_000, 30_000];
const KEPT_SENT = 24 * 3600e3;

/** Records of one person in one browser, and their way to the gateway. `changed()` is called when any of them changes. */
export class Outbox {
  constructor(store, formOf, changed) {
    Object.assign(this, { store, formOf, changed, records: new Map(), me: null, needsSignIn: false, online: navigator.onLine });
    this.wait = FIRST_WAIT;
    this.timer = null;
    this.others = 0;
    addEventListener("online", () => this.#back());
    addEventListener("offline", () => { this.online = false; changed(); });
    document.addEventListener("visibilitychange", () => { if (!document.hidden) this.flush(); });
  }

  /** Read what this person has here. What others have is counted, and never shown. */
  async load(me) {
    this.me = me;
    this.records.clear();
    const all = (await this.store.all()).filter((record) => record.state);
    for (const record of all) if (this.#mine(record)) await this.#sift(record);
    this.others = all.filter((record) => !this.#mine(record)).length;
    this.changed();
    for (const record of this.of("sent")) this.#follow(record);
    this.flush();
  }

  /** The records in a state, newest first. */
  of(...states) {
    return [...this.records.values()].filter((record) => states.includes(record.state)).sort((a, b) => b.changed - a.changed);
  }

  /** Keep a record as it is now. */
  async keep(record) {
    Object.assign(record, { changed: Date.now(), subject: this.me.subject, desk: this.me.desk });
    this.records.set(record.id, record);
    await this.store.put(record);
    this.changed();
  }

  async drop(record) {
    this.records.delete(record.id);
    await this.store.remove(record.id);
    this.changed();
  }

  /** Send a record: from here on its content stays as it is. Resolves when it was tried once. */
  async send(record) {
    record.event = eventOf(record, this.formOf(record.type));
    record.state = "queued";
    record.problems = [];
    await this.keep(record);
    await this.flush(record.id);
    return record;
  }

  /** Try to send everything that waits: what is about danger to life first, else in the order in which it was written. */
  async flush(only = null) {
    clearTimeout(this.timer);
    await navigator.locks.request("sambus-publish-send", async () => {
      const waiting = this.of("queued").reverse().sort((a, b) => Number(b.event.danger_to_life ?? 0) - Number(a.event.danger_to_life ?? 0));
      for (const record of waiting) {
        if (only && record.id !== only) continue;
        if (!(await this.#try(record))) break;
      }
    });
    if (this.of("queued").length && !this.needsSignIn) this.timer = setTimeout(() => this.flush(), this.wait);
  }

  /** Take one to the gateway; false when others need not be tried now. */
  async #try(record) {
    const there = await this.store.get(record.id);
    if (there?.state !== "queued") return this.#elsewhere(record, there);
    try {
      await ask("/publish/events", { method: "POST", body: record.event });
    } catch (problem) {
      return this.#failed(record, problem);
    }
    this.#reached();
    Object.assign(record, { state: "sent", sent: Date.now(), outcome: null });
    await this.keep(record);
    this.#follow(record);
    return true;
  }

  async #failed(record, problem) {
    this.online = problem.code !== "OFFLINE";
    if (problem.status === 401) {
      this.needsSignIn = true;
    } else if (problem.passing) {
      this.wait = problem.retryAfter ? problem.retryAfter * 1000 : Math.min(this.wait * 2, LAST_WAIT);
    } else {
      const whole = [{ code: problem.code, pointer: "", remedy_sv: problem.detail, remedy_en: problem.detail }];
      Object.assign(record, { state: "refused", problems: problem.errors.length ? problem.errors : whole, event: null });
      await this.keep(record);
      return true;
    }
    this.changed();
    return false;
  }

  /** Another window has sent it, or thrown it away. */
  #elsewhere(record, there) {
    if (there) this.records.set(record.id, there);
    else this.records.delete(record.id);
    this.changed();
    return true;
  }

  #reached() {
    Object.assign(this, { online: true, needsSignIn: false, wait: FIRST_WAIT });
  }

  #back() {
    this.online = true;
    this.wait = FIRST_WAIT;
    this.changed();
    this.flush();
  }

  /** Ask what became of it until the bus has said so; then its content is forgotten here, if it was accepted. */
  async #follow(record) {
    for (const after of ASKED_AFTER) {
      if (record.outcome) return;
      await new Promise((resolve) => setTimeout(resolve, after));
      await this.look(record);
    }
  }

  /** Ask once. */
  async look(record) {
    let told;
    try {
      told = await ask(`/publish/outcomes/${record.id}`);
    } catch {
      return;
    }
    if (told.state === "unknown" || !this.records.has(record.id)) return;
    if (told.state === "quarantined") Object.assign(record, { state: "refused", problems: told.errors, event: null });
    else Object.assign(record, { outcome: told, values: null, event: null, problems: [] });
    await this.keep(record);
  }

  #mine(record) {
    return this.me && record.subject === this.me.subject && record.desk === this.me.desk;
  }

  /** Take a record in, unless it was sent and settled a day ago. */
  async #sift(record) {
    if (record.state === "sent" && record.outcome && Date.now() - record.sent > KEPT_SENT) await this.store.remove(record.id);
    else this.records.set(record.id, record);
  }
}
