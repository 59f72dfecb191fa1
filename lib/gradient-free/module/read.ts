import { checkFinite, Dataset, type Samples, toDataset } from "../../data/dataset.js";
import { readBatchSize } from "../../data/loader.js";
import { onlyPart, takePartsApart } from "../../data/parts.js";
import { ArgumentError } from "../../errors.js";
import { Module } from "../../nn/module.js";
import { checkFunction, checkNumber, describe, isInstance } from "../../options.js";
import { Batches } from "./batches.js";
import { type ModuleLoss, PopulationLoss } from "./losses.js";
import { Weights } from "./weights.js";

/** How candidates for a module are evaluated. */
export interface ModuleOptions {
  /** Samples and targets, which the loss gets as x and y. Default: none; the loss gets the model alone. */
  readonly data?: Samples;
  /**
   * Samples in a mini-batch. Each generation takes the next one, the same for all of its candidates, in a new random
   * order in each epoch. Default: all samples.
   */
  readonly batchSize?: number;
  /**
   * Candidates that are evaluated at once. Default: as many as 256 MiB of intermediate results allow; for OpenAI-ES as
   * many as 16 MiB allow, which stay in caches, but at least a sixteenth of the population where 256 MiB allow that.
   */
  readonly chunk?: number;
}

export const MODULE_OPTIONS = ["data", "batchSize", "chunk"] as const;

/** A module to be searched, its loss and its mini-batches. */
export interface Searched {
  readonly weights: Weights;
  readonly loss: PopulationLoss;
  readonly batches: Batches;
  /** Candidates that are evaluated at once; null for as many as is best. */
  readonly chunk: number | null;
  readonly seed: number;
}

/** @throws ArgumentError, ShapeError, DataError */
export function readSearched(
  where: string,
  model: unknown,
  loss: unknown,
  { data, batchSize, chunk, seed }: ModuleOptions & { readonly seed?: number },
): Searched {
  if (!isInstance(model, Module)) {
    throw new ArgumentError(`${where}: expected model to be a module, got ${describe(model)}`);
  }
  checkFunction(where, "loss", loss);
  const checked = checkNumber(where, "seed", seed ?? 0, { min: 0, integer: true });
  const weights = new Weights(where, model);
  return {
    weights,
    loss: new PopulationLoss(where, model, weights, loss as ModuleLoss),
    batches: readBatches(where, data, batchSize, checked),
    chunk: chunk === undefined ? null : checkNumber(where, "chunk", chunk, { min: 1, integer: true }),
    seed: checked,
  };
}

function readBatches(where: string, data: unknown, batchSize: unknown, seed: number): Batches {
  if (data === undefined) {
    if (batchSize === undefined) return new Batches(null, null, seed);
    throw new ArgumentError(`${where}: expected batchSize only with data, got ${describe(batchSize)}`);
  }
  const dataset = toDataset(where, "data", data);
  if (dataset.w !== null) {
    throw new ArgumentError(
      `${where}: expected data without weights w: the loss is your own, and gets x and y alone`,
    );
  }
  const [x, y] = [onlyPart(where, "data.x", dataset.x), onlyPart(where, "data.y", dataset.y)];
  checkFinite(where, "data.x", takePartsApart(where, "data.x", x));
  checkFinite(where, "data.y", takePartsApart(where, "data.y", y));
  const size = batchSize === undefined ? dataset.length : readBatchSize(where, batchSize, dataset.length);
  return new Batches(new Dataset({ x, y }), size, seed);
}
