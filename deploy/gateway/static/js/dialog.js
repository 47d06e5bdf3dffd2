// Questions and sheets over the page. The browser's own dialog keeps the keyboard inside and gives it back afterwards.

import { h, uid } from "./dom.js";
import { t } from "./words.js";

/** Open a sheet with a title. `build(close)` gives what stands in it; resolves with what `close` was called with. */
export function sheet(title, build, { wide = false } = {}) {
  return new Promise((resolve) => {
    const heading = uid("title");
    const box = h("dialog", { class: wide ? "sheet wide" : "sheet", "aria-labelledby": heading });
    let result = null;
    const close = (value = null) => {
      result = value;
      box.close();
    };
    box.append(h("h2", { id: heading }, title), ...[build(close)].flat());
    box.addEventListener("close", () => {
      box.remove();
      resolve(result);
    });
    document.body.append(box);
    box.showModal();
  });
}

/** Ask before something is done that cannot be undone. Resolves with true for yes. */
export async function confirm({ title, text, yes, no = t("no"), danger = false }) {
  const answered = await sheet(title, (close) => [
    h("p", {}, text),
    h("div", { class: "actions" },
      h("button", { class: "button", type: "button", autofocus: true, on: { click: () => close(false) } }, no),
      h("button", { class: danger ? "button danger" : "button main", type: "button", on: { click: () => close(true) } }, yes)),
  ]);
  return answered === true;
}
