// The first view: the way of events, live, and what was wrong and is over.

import { h } from "/static/js/dom.js";
import { Over } from "./over.js";
import { Topology } from "./topology.js";

/** Seconds between looks at how many read. */
const LOOK_S = 5;

export class Overview {
  constructor(live) {
    this.topology = new Topology(live);
    this.over = new Over(live);
    this.element = h("div", { class: "stack" }, this.topology.element, this.over.element);
  }

  show() {
    this.draw();
    this.topology.count();
    this.timer = setInterval(() => (document.hidden ? null : this.topology.count()), LOOK_S * 1000);
  }

  hide() {
    clearInterval(this.timer);
  }

  draw() {
    this.topology.draw();
    this.over.draw();
  }
}
