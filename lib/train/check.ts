import type { Cost } from "../cost/define.js";
import { checkFinite, type Dataset } from "../data/dataset.js";
import { ArgumentError, ThalwegError } from "../errors.js";
import { Module } from "../nn/module.js";
import { checkNumber, describe, isInstance } from "../options.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import type { CompiledModel } from "./compiled-model.js";

export function checkModel(where: string, model: unknown): Module {
  if (isInstance(model, Module)) return model;
  throw new ArgumentError(`${where}: expected a Module, got ${describe(model)}`);
}

export function checkCost(where: string, cost: unknown): Cost {
  if (typeof cost === "function") return cost as Cost;
  throw new ArgumentError(
    `${where}: expected cost to be a function such as cost.crossEntropy, got ${describe(cost)}`,
  );
}

const DEFAULT_BATCH = 32;

/** A batch size of options; one above the set's length is the set's length. @throws ArgumentError */
export function batchSizeOf(
  where: string,
  given: number | undefined,
  length: number,
  standard = DEFAULT_BATCH,
): number {
  return Math.min(checkNumber(where, "batchSize", given ?? standard, { min: 1, integer: true }), length);
}

/**
 * Refuses a data set before anything is computed from it: NaN and infinities, samples that the model does not
 * accept, targets that the cost does not accept.
 * @param length The number of samples that are used.
 */
export function checkData(
  where: string,
  name: string,
  program: CompiledModel,
  cost: Cost,
  dataset: Dataset,
  batchSize: number,
  weights: Tensor | null = null,
  length = dataset.length,
): void {
  const { x, y } = dataset;
  const samples = weights === null ? [x, y] : [x, y, weights];
  checkFinite(where, `${name}.x`, x);
  checkFinite(where, `${name}.y`, y);
  const checkTargets = (outputShape: Shape): void => cost.checkTargets?.(where, outputShape, y);
  const specialization = program.specialization(where, batchSize, samples, checkTargets);
  // An existing program was made without a check of these targets.
  checkTargets(program.outputShape(specialization));
  const rest = length % batchSize;
  if (rest === 0) return;
  try {
    program.specialization(where, rest, samples, checkTargets);
  } catch (error) {
    throw ofLastBatch(error, length, batchSize, rest);
  }
}

/** Adds to an error that the last mini-batch, which has fewer samples, caused it. */
function ofLastBatch(error: unknown, length: number, batchSize: number, rest: number): unknown {
  if (!(error instanceof ThalwegError)) return error;
  const whole = Math.floor(length / batchSize);
  const samples = (count: number): string => `${count} sample${count === 1 ? "" : "s"}`;
  const where = `in the last mini-batch, of ${samples(rest)}: the set has ${length}, which is ${whole} × ${batchSize} + ${rest}`;
  error.message = `${error.message} (${where}; another batchSize helps)`;
  return error;
}
