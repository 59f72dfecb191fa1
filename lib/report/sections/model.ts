import { type Html, html, raw } from "../html.js";
import { diagramOf, layersOf } from "../model.js";
import type { RunRecord } from "../record.js";
import { count, table } from "../words.js";
import { section } from "./section.js";

export function modelSection({ model, kept }: RunRecord): Html | null {
  if (model === null) return null;
  const diagram = kept === null ? null : diagramOf(model, kept.dataset.x);
  const layers = layersOf(model);
  const columns = [{ title: "layer" }, { title: "module" }, { title: "parameters", isNumber: true }];
  return section(
    "model",
    "The model",
    diagram === null ? null : shown(diagram),
    layers.length === 0
      ? null
      : table(
          "Layers that have parameters",
          columns,
          layers.map(({ name, kind, parameters }) => [
            name === "" ? "the model itself" : html`<code>${name}</code>`,
            kind,
            count(parameters),
          ]),
        ),
  );
}

const shown = ({ svg, why }: ReturnType<typeof diagramOf>): Html =>
  svg === null
    ? html`<p class="soft">The model could not be drawn: ${why}</p>`
    : html`<div class="scroll diagram" role="region" aria-label="The model's diagram" tabindex="0">${raw(svg)}</div>`;
