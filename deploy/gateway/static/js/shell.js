// The bar at the top of every page: where one is, who one is, how the page looks, and the way out.

import { ask } from "./api.js";
import { fill, h, uid } from "./dom.js";
import { helpSheet, startKeys } from "./keys.js";
import { CHOICES, onPref, pref, setPref } from "./prefs.js";
import { toastRegion } from "./toast.js";
import { t } from "./words.js";

/** The gateway's pages, in the order of the bar. */
const PAGES = [
  { address: "/cards", word: "page.cards" },
  { address: "/publish", word: "page.publish" },
  { address: "/operations", word: "page.operations", role: "operations" },
];

/** Who is signed in (`/auth/me`). Errors: `Problem`; 401 for nobody. */
export function whoAmI() {
  return ask("/auth/me");
}

/** Go to the issuer's page and come back here. */
export function signIn() {
  location.assign(`/auth/login?then=${encodeURIComponent(location.pathname + location.hash)}`);
}

/** Forget the session in this browser. Errors: `Problem`. */
export function signOut() {
  return ask("/auth/logout", { method: "POST" });
}

/**
 * The bar.
 *
 * `here` is the address of this page; `state` an element between them and the person;
 * `leave()` is called for signing out. Has `element` and `me(who)`, where null is nobody.
 */
export class Bar {
  constructor({ here, state = null, leave }) {
    Object.assign(this, { here, state, leave, who: null, looked: () => {} });
    this.element = h("header", { class: "bar" });
    document.addEventListener("pointerdown", (event) => this.looked(event.target));
    this.draw();
    onPref((name) => (name === "lang" ? this.draw() : null));
  }

  me(who) {
    this.who = who;
    this.draw();
  }

  draw() {
    fill(this.element,
      h("span", { class: "name" }, "SAMBUS"),
      h("nav", { "aria-label": t("bar.pages") }, this.pages().map(({ address, word }) =>
        h("a", { href: address, "aria-current": address === this.here ? "page" : null }, t(word)))),
      this.state, h("span", { class: "fill" }), this.person(), this.looks(),
      h("button", { class: "button low", type: "button", "aria-keyshortcuts": "?", on: { click: helpSheet } }, t("bar.keys")));
  }

  /** The pages for whoever is signed in, and this one. */
  pages() {
    return PAGES.filter(({ address, role }) => !role || address === this.here || this.who?.roles?.includes(role));
  }

  person() {
    if (!this.who) return h("button", { class: "button main", type: "button", on: { click: signIn } }, t("bar.in"));
    return [
      h("span", { class: "who" }, h("strong", {}, this.who.name ?? this.who.desk), `${this.who.unit_name} · ${t(`function.${this.who.function}`)}`),
      h("button", { class: "button", type: "button", on: { click: this.leave } }, t("bar.out")),
    ];
  }

  looks() {
    const panel = h("div", { class: "panel stack", hidden: true, id: uid("looks") },
      ["lang", "theme", "size"].map((name) => choice(name)));
    const button = h("button", {
      class: "button low", type: "button", "aria-expanded": "false", "aria-controls": panel.id,
      on: { click: () => toggle(panel.hidden) },
    }, t("bar.looks"));
    const toggle = (open) => {
      panel.hidden = !open;
      button.setAttribute("aria-expanded", String(open));
    };
    const menu = h("div", { class: "menu", on: {
      keydown: (event) => { if (event.key === "Escape" && !panel.hidden) { event.preventDefault(); toggle(false); button.focus(); } },
      focusout: (event) => { if (event.relatedTarget && !menu.contains(event.relatedTarget)) toggle(false); },
    } }, button, panel);
    this.looked = (target) => { if (!menu.contains(target)) toggle(false); };
    return menu;
  }
}

/** Make the frame of a page: a way past the bar, the bar, `main`, and the place for messages. Starts the keyboard. */
export function frame(bar, main) {
  main.id = "main";
  main.tabIndex = -1;
  const skip = h("a", { class: "skip", href: "#main", on: { click: (event) => { event.preventDefault(); main.focus(); } } }, t("bar.skip"));
  onPref((name) => { if (name === "lang") skip.textContent = t("bar.skip"); });
  document.body.replaceChildren(skip, bar.element, main, toastRegion());
  startKeys();
}

function choice(name) {
  const group = uid(name);
  return h("fieldset", { class: "field" }, h("legend", {}, t(`looks.${name}`)),
    h("div", { class: "choices" }, CHOICES[name].map((value) => h("label", {},
      h("input", { type: "radio", name: group, value, checked: pref(name) === value, on: { change: () => setPref(name, value) } }),
      t(`looks.${name}.${value}`)))));
}
