// The model in a report: its diagram, and its layers.

import { formOf, type Parts, partsIn } from "../data/parts.js";
import { slice } from "../data/samples.js";
import { draw } from "../draw/index.js";
import type { Drawable } from "../draw/style.js";
import { PackageError, ThalwegError } from "../errors.js";
import type { AnyModule } from "../nn/module.js";
import { layerOf } from "../train/gradient-norms.js";
import type { Layer } from "./run-events.js";

/** A diagram as SVG, or why there is none. */
export type Diagram =
  | { readonly svg: string; readonly why: null }
  | { readonly svg: null; readonly why: string };

/** The model's diagram; without the package that it needs, which one that is. */
export function diagramIfPossible(model: AnyModule, x: Parts): Diagram {
  try {
    return diagramOf(model, x);
  } catch (error) {
    if (error instanceof PackageError) return { svg: null, why: error.message };
    throw error;
  }
}

/** The model's diagram, from a call for one sample. @throws PackageError */
export function diagramOf(model: AnyModule, x: Parts): Diagram {
  const wasTraining = model.training;
  try {
    const samples = partsIn(x).map((part) => slice(part, 0, 1));
    const input = formOf(x).kind === "one" ? samples[0] : samples;
    const { svg } = draw(model as Drawable, input, { title: "The model", id: "model-diagram" });
    return { svg, why: null };
  } catch (error) {
    if (error instanceof PackageError || !(error instanceof ThalwegError)) throw error;
    return { svg: null, why: error.message };
  } finally {
    if (model.training !== wasTraining) model.train(wasTraining);
  }
}

/** The modules that have parameters of their own. */
export function layersOf(model: AnyModule): Layer[] {
  const sizes = new Map<string, number>();
  for (const [name, { size }] of model.namedParameters()) {
    const layer = layerOf(name);
    sizes.set(layer, (sizes.get(layer) ?? 0) + size);
  }
  const kinds = new Map(
    Array.from(model.namedModules(), ([name, module]) => [name, module.constructor.name]),
  );
  return Array.from(sizes, ([name, parameters]) => ({ name, kind: kinds.get(name) ?? "", parameters }));
}
