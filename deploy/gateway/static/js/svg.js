// Drawing: SVG elements, and courses of numbers as small lines. No markup in strings, as in `dom.js`.

const SVG = "http://www.w3.org/2000/svg";

/** An SVG element; null and undefined leave an attribute or a child out. */
export function s(name, attributes = {}, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, content] of Object.entries(attributes)) if (content !== null && content !== undefined) element.setAttribute(key, content);
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined).map((child) => (child instanceof Node ? child : String(child))));
  return element;
}

/** A course of numbers as a small line, from zero to its highest; `label` is what it says to those who do not see it. */
export function spark(course, label) {
  const most = Math.max(1e-9, ...course);
  const points = course.map((each, at) => `${(at / Math.max(1, course.length - 1)) * 100},${19 - (18 * each) / most}`).join(" ");
  return s("svg", { class: "spark", viewBox: "0 0 100 20", preserveAspectRatio: "none", role: "img", "aria-label": label },
    s("polyline", { points, fill: "none" }));
}

/** The outlines of Sweden, as `/cards/outlines.json` has them, as one path in metres east and south. */
export function land({ rings, step_m: step }) {
  return rings.map((ring) => {
    const parts = [`M${ring[0] * step} ${-ring[1] * step}`];
    for (let at = 2; at < ring.length; at += 2) parts.push(`l${ring[at] * step} ${-ring[at + 1] * step}`);
    return `${parts.join("")}z`;
  }).join("");
}
