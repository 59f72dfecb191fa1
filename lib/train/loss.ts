import type { Cost } from "../cost/define.js";
import { type Samples, toDataset } from "../data/dataset.js";
import { DataLoader } from "../data/loader.js";
import { ShapeError } from "../errors.js";
import { allocate } from "../graph/dtype.js";
import { format } from "../graph/shape.js";
import { Tensor } from "../graph/tensor.js";
import type { Module } from "../nn/module.js";
import { checkOptions } from "../options.js";
import { checkCost, checkData, checkModel, evaluated } from "./check.js";
import { average, evaluationBatch } from "./evaluate.js";

export interface LossOptions {
  /** Samples at a time. Default: 1024, or the set's length. */
  readonly batchSize?: number;
}

/**
 * The loss of each sample of a set: L(p, w) = C(G(x[p], w), ȳ[p]).
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
  let result: Tensor | undefined;
  let at = 0;
  for (const batch of new DataLoader(dataset, { batchSize })) {
    const losses = evaluated(model, () => cost(model.forward(batch.x), batch.y, { reduction: "none" }));
    const samples = batch.x.shape[0] as number;
    if (losses.rank !== 1 || losses.size !== samples) {
      throw new ShapeError(
        `perSampleLoss: expected the cost to give one number for each of ${samples} samples, got ${format(losses.shape)}`,
      );
    }
    result ??= new Tensor(allocate(losses.dtype, dataset.length), [dataset.length], losses.dtype);
    result.data.set(losses.data, at);
    at += losses.size;
  }
  return result as Tensor;
}

/**
 * The loss averaged over a set: L(S, w) = 1/P Σ_p L(p, w).
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
  const { loss } = await average(model, dataset, cost, {}, batchSize);
  return loss as number;
}

function readArguments(where: string, model: Module, cost: Cost, data: Samples, options: LossOptions) {
  checkOptions(where, options, ["batchSize"]);
  checkModel(where, model);
  checkCost(where, cost);
  const dataset = toDataset(where, "data", data);
  const batchSize = evaluationBatch(where, options.batchSize, dataset);
  checkData(where, "data", model, cost, dataset);
  return { dataset, batchSize };
}
