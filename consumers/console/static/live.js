// How the bus is, live: one stream of server-sent events, opened anew when it ends; and the course of the last minutes.

/** Milliseconds before the first new try, and at most, when the connection was lost. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 10_000;
/** So many snapshots of each topic's course are kept: about five minutes. */
const KEPT = 100;

export class Live extends EventTarget {
  constructor() {
    super();
    Object.assign(this, { told: null, standing: "lost", heardAt: 0, source: null, timer: null, wait: FIRST_WAIT, courses: new Map() });
  }

  start() {
    const source = new EventSource("/v1/operations/stream");
    this.source = source;
    source.addEventListener("health", (event) => this.heard(JSON.parse(event.data)));
    source.addEventListener("ended", () => this.again());
    source.onerror = () => this.again();
  }

  stop() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  /** How old the snapshot is now, in seconds, by this machine's clock from when it was heard. */
  age() {
    if (!this.told || this.told.age_seconds === null) return null;
    return this.told.age_seconds + (Date.now() - this.heardAt) / 1000;
  }

  course(topic) {
    return this.courses.get(topic) ?? { lag: [], rate: [] };
  }

  heard(told) {
    const fresh = told.at !== this.told?.at;
    this.told = told;
    this.heardAt = Date.now();
    this.wait = FIRST_WAIT;
    this.stands("live");
    if (fresh) for (const source of told.health?.sources ?? []) this.note(source);
    this.dispatchEvent(new Event("health"));
  }

  note({ topic, lag_seconds: lag, per_second: rate }) {
    const known = this.courses.get(topic) ?? { lag: [], rate: [] };
    this.courses.set(topic, { lag: [...known.lag, lag].slice(-KEPT), rate: [...known.rate, rate].slice(-KEPT) });
  }

  again() {
    if (!this.source) return;
    this.source.close();
    this.source = null;
    this.stands("lost");
    this.timer = setTimeout(() => this.start(), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }

  stands(word) {
    if (this.standing === word) return;
    this.standing = word;
    this.dispatchEvent(new Event("standing"));
  }
}
