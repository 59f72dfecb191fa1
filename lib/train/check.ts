import process from "node:process";
import { type AnyDataset, checkFinite } from "../data/dataset.js";
import { takePartsApart } from "../data/parts.js";
import { ArgumentError, ThalwegError } from "../errors.js";
import { type AnyModule, Module } from "../nn/module.js";
import type { Optimizer } from "../optim/optimizer.js";
import { checkNumber, describe, isInstance } from "../options.js";
import type { Shape } from "../tensor/shape.js";
import type { Tensor } from "../tensor/tensor.js";
import type { CompiledModel } from "./compiled-model.js";
import type { Objective, Outputs } from "./objective.js";

export function checkModel(where: string, model: unknown): Module {
  if (isInstance(model, Module)) return model;
  throw new ArgumentError(`${where}: expected a Module, got ${describe(model)}`);
}

/** The optimizers that were told of, by model. */
const told = new WeakMap<AnyModule, WeakSet<Optimizer<object>>>();
const MOST_NAMES = 8;

/**
 * Warns, once for a model and an optimizer, of parameters that require gradients and that the optimizer lacks.
 * @throws ArgumentError if it lacks all
 */
export function checkOptimizer(where: string, model: AnyModule, optimizer: Optimizer<object>): void {
  const learns = new Set<Tensor>(optimizer.parameters);
  const named = [...model.namedParameters()];
  if (!named.some(([, parameter]) => learns.has(parameter))) {
    throw new ArgumentError(
      `${where}: the optimizer has none of the model's parameters, so nothing would be learnt`,
    );
  }
  const missing = named.filter(([, parameter]) => parameter.requiresGrad && !learns.has(parameter));
  const before = told.get(model) ?? new WeakSet();
  if (missing.length === 0 || before.has(optimizer)) return;
  told.set(model, before.add(optimizer));
  const names = missing.slice(0, MOST_NAMES).map(([name]) => name);
  if (missing.length > MOST_NAMES) names.push(`${missing.length - MOST_NAMES} more`);
  process.emitWarning(
    `${where}: the optimizer lacks parameters of the model, which will not learn: ${names.join(", ")}; give it model.parameters(), or say that they stay as they are by freeze or requiresGrad = false`,
    { type: "TrainingWarning", code: "THALWEG_PARAMETERS_NOT_LEARNT" },
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
  objective: Objective,
  dataset: AnyDataset,
  batchSize: number,
  weights: Tensor | null = null,
  length = dataset.length,
): void {
  const x = takePartsApart(where, `${name}.x`, dataset.x);
  const y = takePartsApart(where, `${name}.y`, dataset.y);
  const samples = [...x.parts, ...y.parts, ...(weights === null ? [] : [weights])];
  checkFinite(where, `${name}.x`, x);
  checkFinite(where, `${name}.y`, y);
  const checkTargets = (outputs: Outputs<Shape>): void => objective.checkTargets(where, outputs, y.parts);
  const specialization = program.specialization(where, batchSize, samples, checkTargets);
  // An existing program was made without a check of these targets.
  checkTargets(program.outputs(specialization));
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
