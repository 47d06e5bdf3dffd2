// The live stream of one subscription: it goes on where it was, confirms recalls at once, and says how it stands.

import { ask } from "/static/js/api.js";

/** Milliseconds before the first new try, and at most, when the connection was lost. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 15_000;

/**
 * A stream. `heard` has `card(card)`, `recall(order)` (which gives whether it took something away) and
 * `standing(word)`: "live", "lost" or "ended".
 */
export class Live {
  constructor(subscription, cursor, heard) {
    Object.assign(this, { subscription, cursor, heard, reading: null, source: null, wait: FIRST_WAIT, timer: null });
  }

  start() {
    const asked = new URLSearchParams({ cards: "true" });
    if (this.cursor) asked.set("cursor", this.cursor);
    if (this.reading) asked.set("reading", this.reading);
    const source = new EventSource(`/v1/subscriptions/${this.subscription}/stream?${asked}`);
    this.source = source;
    const on = (name, act) => source.addEventListener(name, (event) => {
      if (event.lastEventId) this.cursor = event.lastEventId;
      act(JSON.parse(event.data));
    });
    on("hello", ({ reading }) => {
      this.reading = reading;
      this.wait = FIRST_WAIT;
      this.heard.standing("live");
    });
    on("card", (card) => this.heard.card(card));
    on("delivery", () => null);
    on("behind", () => null);
    on("recall", (order) => this.recalled(order));
    on("ended", () => this.again("lost"));
    source.onerror = () => this.again("lost");
  }

  stop() {
    clearTimeout(this.timer);
    this.source?.close();
    this.source = null;
  }

  /** Begin anew from where it stands; a browser's own retry would ask for the place where it began. */
  again(standing) {
    if (!this.source) return;
    this.source.close();
    this.source = null;
    this.heard.standing(standing);
    this.timer = setTimeout(() => this.start(), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }

  async recalled(order) {
    this.heard.recall(order);
    const { order_delivery, event_id } = order;
    try {
      await ask(`/v1/subscriptions/${this.subscription}/readings/${this.reading}/gone`, { method: "POST", body: { order_delivery, event_id } });
    } catch {
      // Not confirmed: operations see it as late, and the next connection tells it again.
    }
  }
}
