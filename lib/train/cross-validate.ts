import { type Dataset, type Samples, toDataset } from "../data/dataset.js";
import { formOf, type Part, type Parts } from "../data/parts.js";
import { kFold, type SplitOptions } from "../data/split/split.js";
import { ArgumentError } from "../errors.js";
import { table } from "../metrics/table.js";
import type { AnyModule, Module } from "../nn/module.js";
import type { Optimizer } from "../optim/optimizer.js";
import { checkFunction, checkNumber, checkRequired, describe, isPlainObject } from "../options.js";
import type { Tensor } from "../tensor/tensor.js";
import { checkModel } from "./check.js";
import { evaluate } from "./evaluate.js";
import { type Evaluation, printedAs } from "./evaluation.js";
import { type FitOptions, fit } from "./fit.js";
import type { Metrics, MetricsByTarget } from "./metrics.js";
import { readObjective } from "./objective.js";

/** A fold that a model is made for. */
export interface CrossValidationFold<X extends Parts = Part, Y extends Parts = Tensor> {
  /** From 0. */
  readonly fold: number;
  /** What the model learns from, and what it is evaluated on. */
  readonly train: Samples<X, Y>;
  readonly test: Samples<X, Y>;
}

/** A new model, and the optimizer of its parameters. */
export interface Trainee<O = Tensor> {
  readonly model: Module<never, O>;
  readonly optimizer: Optimizer<object>;
}

export interface CrossValidateOptions<
  M extends Metrics | MetricsByTarget = Metrics,
  O = Tensor,
  Y extends Parts = Tensor,
> extends Pick<FitOptions<O, Parts, Y>, "cost" | "costWeights" | "epochs" | "batchSize" | "signal">,
    Pick<SplitOptions, "stratify" | "groups" | "time" | "seed"> {
  /** Number of folds. Default: 5. */
  readonly folds?: number;
  /** Figures besides the loss, each a number. Default: none. */
  readonly metrics?: M;
}

/** What `crossValidate` gives. Its text, and `console.log`, is a table. */
export interface CrossValidation<M extends Metrics | MetricsByTarget = Metrics> {
  /** Loss and metrics over the test part of each fold. */
  readonly folds: readonly Evaluation<M>[];
  /** Their means over the folds. */
  readonly mean: Evaluation<M>;
  /** Their standard deviations over the folds, with n − 1. */
  readonly std: Evaluation<M>;
}

const OPTIONS = [
  "cost",
  "costWeights",
  "epochs",
  "batchSize",
  "signal",
  "stratify",
  "groups",
  "time",
  "seed",
  "folds",
  "metrics",
] as const;

/**
 * Trains a new model for each fold of `data.kFold` on the other folds, and evaluates it on that fold. The folds run one
 * after the other, each on all threads.
 * @param makeModel makes the model and its optimizer for each fold. Only frozen parameters may be those of another fold.
 * @example
 * const make = () => {
 *   const model = new nn.Linear(3, 4);
 *   return { model, optimizer: new optim.Adam(model.parameters(), { lr: 0.01 }) };
 * };
 * const found = await crossValidate(make, { x, y }, { folds: 4, cost: cost.crossEntropy, metrics: ["accuracy"], stratify: y });
 * console.log(found.mean.accuracy, found.std.accuracy);
 * @throws ArgumentError if a model comes again; as `fit`, `evaluate` and `data.kFold`
 */
export async function crossValidate<
  const M extends Metrics | MetricsByTarget = Metrics,
  O = Tensor,
  X extends Parts = Part,
  Y extends Parts = Tensor,
>(
  makeModel: (fold: CrossValidationFold<X, Y>) => Trainee<O> | Promise<Trainee<O>>,
  data: Samples<X, Y>,
  options: CrossValidateOptions<M, O, Y>,
): Promise<CrossValidation<M>> {
  const where = "crossValidate";
  checkFunction(where, "makeModel", makeModel);
  checkRequired(where, options, OPTIONS);
  const { folds: count = 5, cost, costWeights, metrics, stratify, groups, time, seed, ...others } = options;
  checkNumber(where, "folds", count, { min: 2, integer: true });
  const { x, y, w } = toDataset(where, "data", data) as Dataset<X, Y>;
  const objective = { cost, ...defined({ costWeights }) };
  readObjective(where, { ...objective, metrics }, formOf(y), true);
  const splitting = defined({ stratify, groups, time, seed });
  const fitting = { ...objective, ...others, ...defined({ seed }) };
  const folds: Evaluation<M>[] = [];
  const trained = new WeakSet<Tensor>();
  for (const parts of kFold({ x, y, ...(w === null ? {} : { w }) }, count, splitting)) {
    const { train, test } = parts as Pick<CrossValidationFold<X, Y>, "train" | "test">;
    const trainee: unknown = await makeModel({ fold: folds.length, train, test });
    const { model, optimizer } = checkTrainee<O>(where, trainee);
    checkNew(where, model, trained);
    await fit(model, { ...fitting, data: train, optimizer });
    folds.push(await evaluate<M, O, X, Y>(model, { data: test, ...objective, ...defined({ metrics }) }));
  }
  return summary(folds);
}

/** The options that were given. */
function defined<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  return Object.fromEntries(given) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

function checkTrainee<O>(where: string, trainee: unknown): Trainee<O> {
  if (isPlainObject(trainee) && "model" in trainee && "optimizer" in trainee) {
    return {
      model: trainee["model"] as Module<never, O>,
      optimizer: trainee["optimizer"] as Optimizer<object>,
    };
  }
  throw new ArgumentError(
    `${where}: expected makeModel to give { model, optimizer }, got ${describe(trainee)}`,
  );
}

/**
 * Adds the parameters that the model learns. Those that are frozen may be of all folds.
 * @throws ArgumentError if an earlier fold has trained one of them
 */
function checkNew(where: string, model: AnyModule, trained: WeakSet<Tensor>): void {
  checkModel(where, model);
  const learning = model.parameters().filter(({ requiresGrad }) => requiresGrad);
  if (learning.some((one) => trained.has(one))) {
    throw new ArgumentError(
      `${where}: expected makeModel to make a new model for each fold, got parameters that an earlier fold has trained`,
    );
  }
  for (const one of learning) trained.add(one);
}

function summary<M extends Metrics | MetricsByTarget>(folds: readonly Evaluation<M>[]): CrossValidation<M> {
  const rows = folds as readonly Readonly<Record<string, number>>[];
  const names = Object.keys(rows[0] ?? {});
  const figures = names.map((name) => rows.map((row) => row[name] as number));
  const means = figures.map((values) => values.reduce((sum, one) => sum + one, 0) / values.length);
  const spreads = figures.map((values, at) => {
    const mean = means[at] as number;
    return Math.sqrt(values.reduce((sum, one) => sum + (one - mean) ** 2, 0) / (values.length - 1));
  });
  const named = (values: readonly number[]): Evaluation<M> =>
    Object.fromEntries(names.map((name, at) => [name, values[at]])) as Evaluation<M>;
  const text = (): string =>
    table([
      ["", ...names],
      ...rows.map((row, fold) => [`fold ${fold + 1}`, ...names.map((name) => digits(row[name] as number))]),
      ["mean", ...means.map(digits)],
      ["std", ...spreads.map(digits)],
    ]);
  return printedAs({ folds, mean: named(means), std: named(spreads) }, text);
}

const digits = (value: number): string => value.toFixed(4);
