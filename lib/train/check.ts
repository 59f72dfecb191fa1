import type { Cost } from "../cost/define.js";
import { checkFinite, type Dataset } from "../data/dataset.js";
import { ArgumentError } from "../errors.js";
import type { Shape } from "../graph/shape.js";
import { Module } from "../nn/module.js";
import { describe } from "../options.js";
import type { ModelProgram } from "./program.js";

export function checkModel(where: string, model: unknown): Module {
  if (model instanceof Module) return model;
  throw new ArgumentError(`${where}: expected a Module, got ${describe(model)}`);
}

export function checkCost(where: string, cost: unknown): Cost {
  if (typeof cost === "function") return cost as Cost;
  throw new ArgumentError(
    `${where}: expected cost to be a function such as cost.crossEntropy, got ${describe(cost)}`,
  );
}

/**
 * Refuses a data set before anything is computed from it: NaN and infinities, samples that the model does
 * not take, targets that the cost does not take.
 */
export function checkData(
  where: string,
  name: string,
  program: ModelProgram,
  cost: Cost,
  dataset: Dataset,
  batchSize: number,
): void {
  const { x, y, length } = dataset;
  checkFinite(where, `${name}.x`, x);
  checkFinite(where, `${name}.y`, y);
  const checkTargets = (outputShape: Shape): void => cost.checkTargets?.(where, outputShape, y);
  for (const batch of new Set([batchSize, length % batchSize])) {
    if (batch > 0) program.version(where, batch, [x, y], checkTargets);
  }
  // Programs that were made before have not seen these targets.
  checkTargets(program.outputShape(batchSize, x));
}
