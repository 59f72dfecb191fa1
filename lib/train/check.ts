import type { Cost } from "../cost/define.js";
import { checkFinite, type Dataset } from "../data/dataset.js";
import { slice } from "../data/loader.js";
import { ArgumentError, ShapeError } from "../errors.js";
import { noGrad } from "../graph/grad-mode.js";
import { format } from "../graph/shape.js";
import { checkTensor, type Tensor } from "../graph/tensor.js";
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
  const y = outputs(where, model, slice(dataset.x, 0, 1));
  cost.checkTargets?.(where, y.shape, dataset.y);
  const loss = checkTensor(
    where,
    "the cost's result",
    noGrad(() => cost(y, slice(dataset.y, 0, 1))),
  );
  if (loss.size !== 1) {
    throw new ShapeError(`${where}: expected the cost to give a scalar, got ${format(loss.shape)}`);
  }
}

/**
 * The model's outputs in evaluation mode.
 * @throws ArgumentError, ShapeError unless there is one for each sample.
 */
export function outputs(where: string, model: Module, x: Tensor): Tensor {
  const y = checkTensor(
    where,
    "the model's output",
    evaluated(model, () => model.forward(x)),
  );
  if (y.shape[0] !== x.shape[0]) {
    throw new ShapeError(
      `${where}: expected the model to give an output for each of ${x.shape[0]} samples, got ${format(y.shape)}`,
    );
  }
  return y;
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
