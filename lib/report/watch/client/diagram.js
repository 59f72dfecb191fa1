// The diagram of the chosen run's model, with the norms of its gradients.
import { byId, element } from "./dom.js";
import { sharesOf } from "./norms.js";
import { runs, view } from "./state.js";
import { number, shown } from "./text.js";

/** The diagram that is shown, so that it is made anew only where something has changed. */
let drawn = null;

export function showDiagram() {
  const run = runs.get(view.chosen);
  const diagram = run?.diagram ?? null;
  const norms = new Map(run?.about.norms ?? []);
  const key = JSON.stringify([
    view.chosen,
    diagram === null,
    run?.about.begin?.whyNoDiagram ?? null,
    [...norms],
  ]);
  if (key === drawn) return;
  drawn = key;
  if (diagram === null) {
    const why = run?.about.begin?.whyNoDiagram ?? null;
    const told = why === null ? [] : [element("p", { class: "soft" }, `There is no diagram: ${why}`)];
    return byId("diagram").replaceChildren(...told);
  }
  // As an image, in which nothing runs and nothing is loaded.
  const text = withNorms(diagram, norms);
  const bytes = Array.from(new TextEncoder().encode(text), (byte) => String.fromCharCode(byte)).join("");
  const image = element("img", {
    src: `data:image/svg+xml;base64,${btoa(bytes)}`,
    alt: norms.size === 0 ? "The model's diagram" : "The model's diagram with the norms of its gradients",
  });
  // Shown when it is there, so that nothing flickers.
  const show = () => drawn === key && byId("diagram").replaceChildren(image);
  image.decode().then(show, show);
}

const SMALL = 11;

const ENTITIES = { "&quot;": '"', "&amp;": "&", "&lt;": "<", "&gt;": ">", "&#39;": "'" };

/**
 * The diagram, with the norm of the gradient at each function that has trained parameters. As text: a document of it
 * would be under the rules of this page, which forbid the styles that a picture has.
 */
function withNorms(diagram, norms) {
  const shareOf = sharesOf(norms);
  const places = diagram.matchAll(/ data-layers="([^"]*)" data-top="(-?[\d.]+) (-?[\d.]+)"/g);
  const pills = Array.from(places, ([, layers, x, y]) => {
    const norm = normOf(layers, norms);
    return norm === null ? "" : pill(Number(x), Number(y), `‖∇‖ ${shown(norm)}`, shareOf(norm));
  });
  const end = diagram.lastIndexOf("</svg>");
  return diagram.slice(0, end) + pills.join("") + diagram.slice(end);
}

/** A label around a point, in a colour that is stronger for a larger share. */
function pill(x, y, text, share) {
  const width = 0.7 * SMALL * text.length + 8;
  const place = `x="${x - width / 2}" y="${y - 13}" width="${width}" height="17" rx="8.5"`;
  const colour = "var(--thalweg-gradient)";
  return `<g><rect ${place} style="fill:var(--thalweg-page)"/>
<rect ${place} style="fill:${colour};stroke:${colour};fill-opacity:${(0.4 * share).toFixed(2)}"/>
<text x="${x}" y="${y - 0.5}" text-anchor="middle" font-size="${SMALL}" style="fill:var(--thalweg-ink)">${text}</text></g>`;
}

/** The norm of the gradients of all layers of a node, as one vector; null if one is not known. */
function normOf(layers, norms) {
  try {
    const names = JSON.parse(layers.replace(/&(?:quot|amp|lt|gt|#39);/g, (entity) => ENTITIES[entity]));
    const own = names.map((layer) => norms.get(layer));
    return own.includes(undefined) ? null : Math.hypot(...own.map(number));
  } catch {
    return null;
  }
}
