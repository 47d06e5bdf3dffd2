// What went wrong, in words, for a panel or for a moment at the foot of the page.

import { Problem } from "/static/js/api.js";
import { h } from "/static/js/dom.js";
import { toast } from "/static/js/toast.js";
import { t } from "/static/js/words.js";

/** A problem in words. */
export function told(problem) {
  if (!(problem instanceof Problem)) throw problem;
  if (problem.code === "OFFLINE") return t("ops.offline");
  return [problem.title, problem.detail].filter(Boolean).join(". ");
}

/** Say it at the foot of the page. */
export function failed(problem) {
  toast(`▲ ${told(problem)}`);
}

/** Say it in the place of a panel. */
export function fault(problem) {
  return h("p", { class: "notice bad", role: "alert" }, told(problem));
}
