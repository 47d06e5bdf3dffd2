// A panel whose content is asked of the gateway, and asked anew while it is looked at.

import { ask, Problem } from "/static/js/api.js";
import { h } from "/static/js/dom.js";
import { t } from "/static/js/words.js";
import { redraw } from "./figures.js";
import { fault } from "./said.js";

/** Seconds between looks. */
const LOOK_S = 5;

/** `draw(told)` gives the content for what `address` answers. Has `element`, `show()`, `hide()` and `load()`. */
export class Loaded {
  constructor(address, draw) {
    Object.assign(this, { address, draw, told: null, timer: null, last: "", element: h("div", { class: "stack" }, h("p", { class: "quiet" }, t("ops.loading"))) });
  }

  show() {
    this.hide();
    this.load();
    this.timer = setInterval(() => (document.hidden ? null : this.load()), LOOK_S * 1000);
  }

  hide() {
    clearInterval(this.timer);
  }

  async load() {
    try {
      const told = await ask(typeof this.address === "function" ? this.address() : this.address);
      const text = JSON.stringify(told);
      if (text === this.last) return;
      this.last = text;
      this.told = told;
      this.again();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      this.last = "";
      redraw(this.element, fault(problem));
    }
  }

  /** Draw what is known once more. */
  again() {
    if (this.told) redraw(this.element, ...[this.draw(this.told)].flat());
  }
}
