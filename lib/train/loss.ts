import type { Cost } from "../cost/define.js";
import { type Samples, toDataset } from "../data/dataset.js";
import type { Module } from "../nn/module.js";
import { checkOptions } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkCost, checkData, checkModel } from "./check.js";
import { collect } from "./collect.js";
import { lossesProgram } from "./compiled-model.js";
import { evaluateOnce, evaluationBatch } from "./evaluate.js";

export interface LossOptions {
  /** Samples in a mini-batch. Default: 1024, or the set's length if it is less. */
  readonly batchSize?: number;
}

/**
 * The loss of each sample of a set: L(p, w) = C(G(x[p], w), ȳ[p]). For a cost with one value per element, such as
 * `cost.mse`, it is the mean over the sample's elements.
 * Shapes: x [P, ...] → [P].
 * @example const losses = await perSampleLoss(model, cost.crossEntropy, { x, y });
 * @throws as `evaluate`
 */
export async function perSampleLoss(
  model: Module,
  cost: Cost,
  data: Samples,
  options: LossOptions = {},
): Promise<Tensor> {
  const { dataset, batchSize } = readArguments("perSampleLoss", model, cost, data, options);
  const program = lossesProgram(model, cost);
  checkData("perSampleLoss", "data", program, cost, dataset, batchSize);
  return collect("perSampleLoss", program, [dataset.x, dataset.y], batchSize);
}

/**
 * The loss over a set: L(S, w) = 1/P Σ_p L(p, w). For a cost that is not a mean over samples: the loss of `evaluate`.
 * @example const loss = await averageLoss(model, cost.crossEntropy, { x, y });
 * @throws as `evaluate`
 */
export async function averageLoss(
  model: Module,
  cost: Cost,
  data: Samples,
  options: LossOptions = {},
): Promise<number> {
  const { dataset, batchSize } = readArguments("averageLoss", model, cost, data, options);
  const figures = await evaluateOnce({
    where: "averageLoss",
    name: "data",
    model,
    cost,
    metrics: [],
    dataset,
    weights: null,
    batchSize,
  });
  return figures.loss;
}

function readArguments(where: string, model: Module, cost: Cost, data: Samples, options: LossOptions) {
  checkOptions(where, options, ["batchSize"]);
  checkModel(where, model);
  checkCost(where, cost);
  const dataset = toDataset(where, "data", data);
  const batchSize = evaluationBatch(where, options.batchSize, dataset);
  return { dataset, batchSize };
}
