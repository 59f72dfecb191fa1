import { type AnySamples, partsOfSet, type Samples, toDataset } from "../data/dataset.js";
import { formOf, type Part, type Parts, type TensorsOf } from "../data/parts.js";
import type { AnyModule, Module } from "../nn/module.js";
import { checkOptions } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkData, checkModel } from "./check.js";
import { collect } from "./collect.js";
import { lossesProgram } from "./compiled-model.js";
import { evaluateOnce, evaluationBatch } from "./evaluate.js";
import { type CostOf, readObjective, type WeightsOf } from "./objective.js";
import { readWeights } from "./weights.js";

export interface LossOptions<Y = Tensor> {
  /** What the cost of each of several targets counts in their sum, in the form of y. Default: 1 each. */
  readonly costWeights?: WeightsOf<Y>;
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
export async function perSampleLoss<O = Tensor, X extends Parts = Part, Y extends Parts = Tensor>(
  model: Module<never, O>,
  cost: CostOf<O, TensorsOf<Y>>,
  data: Samples<X, Y>,
  options: LossOptions<Y> = {},
): Promise<Tensor> {
  const where = "perSampleLoss";
  const { objective, dataset, batchSize } = readArguments(where, model, cost, data, options);
  const program = lossesProgram(model, objective, formOf(dataset.x));
  checkData(where, "data", program, objective, dataset, batchSize);
  const [losses] = await collect(where, program, partsOfSet(dataset), batchSize);
  return losses as Tensor;
}

/**
 * The loss over a set: L(S, w) = 1/P Σ_p L(p, w), weighted if the set has weights. If the cost is not a mean over
 * samples, it is the loss of `evaluate`.
 * @example const loss = await averageLoss(model, cost.crossEntropy, { x, y });
 * @throws as `evaluate`
 */
export async function averageLoss<O = Tensor, X extends Parts = Part, Y extends Parts = Tensor>(
  model: Module<never, O>,
  cost: CostOf<O, TensorsOf<Y>>,
  data: Samples<X, Y>,
  options: LossOptions<Y> = {},
): Promise<number> {
  const { objective, dataset, batchSize } = readArguments("averageLoss", model, cost, data, options);
  const figures = await evaluateOnce({
    where: "averageLoss",
    name: "data",
    model,
    objective,
    dataset,
    weights: readWeights("averageLoss", undefined, objective, dataset),
    batchSize,
  });
  return figures.loss;
}

function readArguments(
  where: string,
  model: AnyModule,
  cost: unknown,
  data: AnySamples,
  options: LossOptions<Parts>,
) {
  checkOptions(where, options, ["costWeights", "batchSize"]);
  checkModel(where, model);
  const dataset = toDataset(where, "data", data);
  const objective = readObjective(where, { cost, costWeights: options.costWeights }, formOf(dataset.y));
  const batchSize = evaluationBatch(where, options.batchSize, dataset);
  return { objective, dataset, batchSize };
}
