import type { Cost } from "../cost/define.js";
import { checkFinite, type Dataset } from "../data/dataset.js";
import { slice } from "../data/loader.js";
import { ArgumentError } from "../errors.js";
import { noGrad } from "../graph/grad-mode.js";
import type { Tensor } from "../graph/tensor.js";
import { Module } from "../nn/module.js";
import { describe } from "../options.js";

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
 * Refuses a data set before anything is trained on it: NaN and infinities, samples that the model does
 * not take, targets that the cost does not take.
 */
export function checkData(where: string, name: string, model: Module, cost: Cost, dataset: Dataset): void {
  checkFinite(where, `${name}.x`, dataset.x);
  checkFinite(where, `${name}.y`, dataset.y);
  const y = evaluated(model, () => model.forward(slice(dataset.x, 0, 1)));
  cost.checkTargets?.(where, y.shape, dataset.y);
  noGrad(() => cost(y, slice(dataset.y, 0, 1)));
}

/** Runs the model as for evaluation: in eval mode, nothing recorded. */
export function evaluated(model: Module, run: () => Tensor): Tensor {
  const modes = Array.from(model.namedModules(), ([, module]) => [module, module.training] as const);
  model.eval();
  try {
    return noGrad(run);
  } finally {
    for (const [module, training] of modes) module.training = training;
  }
}
