// Elements of the page.

const SVG = "http://www.w3.org/2000/svg";

const SVG_NAMES = new Set(["svg", "path", "line", "text", "circle", "g"]);

export const byId = (id) => document.getElementById(id);

/** An element with attributes and children: elements, and texts. */
export function element(name, attributes = {}, ...children) {
  const made = SVG_NAMES.has(name) ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") made.addEventListener(key, value);
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null) made.setAttribute(key, value);
  }
  made.append(...children);
  return made;
}
