// The first view: the way of events, live, and what was wrong and is over.

import { h } from "/static/js/dom.js";
import { Over } from "./over.js";
import { Topology } from "./topology.js";

export class Overview {
  constructor(live) {
    this.parts = [new Topology(live), new Over(live)];
    this.element = h("div", { class: "stack" }, this.parts.map((part) => part.element));
  }

  show() {
    this.draw();
  }

  draw() {
    for (const part of this.parts) part.draw();
  }
}
