// What operations did, and who sees to which alarm: asked of the gateway, and told to it.

import { ask } from "/static/js/api.js";
import { failed } from "./said.js";

/** Which alarms somebody sees to, and what operations did. */
export class Acts extends EventTarget {
  constructor() {
    super();
    Object.assign(this, { known: { taken: [], acts: [] } });
  }

  /** Who sees to an alarm, if they took it since it began. */
  taken({ code, where, since: began }) {
    return this.known.taken.find((act) => act.code === code && act.where === where && (!began || act.at >= began)) ?? null;
  }

  async load() {
    try {
      this.known = await ask("/v1/operations/acts");
      this.dispatchEvent(new Event("acts"));
    } catch {
      // Kafka is away, which the verdict says; what was known of it stands.
    }
  }

  async say(word, code, where) {
    try {
      await ask(`/v1/operations/alarms/${word}`, { method: "POST", body: { code, where } });
      await this.load();
    } catch (problem) {
      failed(problem);
    }
  }
}
