// What the page holds: the cards of one subscription by their ids, which are unread, which is chosen. Tells listeners.

/** What a desk says and is told of its own duties has a view of its own, and is no event to read. */
const HOUSEKEEPING = new Set(["receipt", "obligation_notice"]);

export class State extends EventTarget {
  constructor() {
    super();
    this.cards = new Map();
    this.unread = new Set();
    this.chosen = null;
    this.filter = { text: "", type: "", priority: 5 };
  }

  /** The cards that the filter lets through, newest first. */
  shown() {
    const wanted = this.filter.text.toLocaleLowerCase();
    return [...this.cards.values()]
      .filter((card) => this.filter.type || !card.reports.every((report) => HOUSEKEEPING.has(report.event_type)))
      .filter((card) => (card.priority ?? 5) <= this.filter.priority)
      .filter((card) => !this.filter.type || card.reports.some((report) => report.event_type === this.filter.type))
      .filter((card) => !wanted || JSON.stringify(card.reports.map((each) => each.views)).toLocaleLowerCase().includes(wanted))
      .sort((a, b) => String(b.newest_at).localeCompare(String(a.newest_at)));
  }

  card(id) {
    return this.cards.get(id) ?? [...this.cards.values()].find((card) => card.reports.some((each) => each.event_id === id)) ?? null;
  }

  /** Take a card in. Cards that it has grown from go: a report is on one card. `fresh` is what came live. */
  take(card, { fresh = false } = {}) {
    const reports = new Set(card.reports.map((each) => each.event_id));
    for (const [id, other] of this.cards) {
      if (id === card.card_id || !other.reports.some((each) => reports.has(each.event_id))) continue;
      this.cards.delete(id);
      this.unread.delete(id);
      if (this.chosen === id) this.chosen = card.card_id;
    }
    this.cards.set(card.card_id, card);
    if (fresh && card.card_id !== this.chosen) this.unread.add(card.card_id);
    this.tell("cards");
  }

  /** Take the content of a recalled event off every card, at once; which cards had it. */
  withdraw(eventId, standing) {
    const hit = [...this.cards.values()].filter((card) => card.reports.some((each) => each.event_id === eventId));
    for (const card of hit) {
      for (const report of card.reports) {
        if (report.event_id !== eventId) continue;
        report.standing = standing;
        report.views = report.views.map((view) => ({ ...view, event: {} }));
      }
    }
    this.tell("cards");
    this.tell("chosen");
    return hit;
  }

  choose(id) {
    this.chosen = id;
    if (id !== null) this.unread.delete(id);
    this.tell("chosen");
    this.tell("cards");
  }

  narrow(change) {
    Object.assign(this.filter, change);
    this.tell("cards");
  }

  clear() {
    this.cards.clear();
    this.unread.clear();
    this.chosen = null;
    this.tell("cards");
    this.tell("chosen");
  }

  on(what, listener) {
    this.addEventListener(what, listener);
  }

  tell(what) {
    this.dispatchEvent(new Event(what));
  }
}
