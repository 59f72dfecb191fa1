import { AnomalyError, ArgumentError, ShapeError } from "../errors.js";
import type { Module } from "../nn/module.js";
import type { Parameter } from "../nn/parameter.js";
import type { Optimizer } from "../optim/optimizer.js";
import { checkFunction, checkNumber, checkOptions, checkRequired, describe, isInstance } from "../options.js";
import { type FitOptions, fit } from "../train/fit.js";
import type { OwnDraws } from "./own-draws.js";
import { type LossOptions, WeightSpace } from "./weight-space.js";

export interface WayOptions {
  /**
   * Most points that are kept. When there are more, every second one is dropped, and from then on only every second call
   * keeps one. Default: 500.
   */
  readonly most?: number;
}

/**
 * The way of a model's parameters in a training: where they were after each step.
 * @example
 * const way = new plot.Way(model);
 * const optimizer = new optim.SGD(model.parameters(), { lr: 0.1 });
 * await fit(model, { data: { x, y }, cost: cost.crossEntropy, optimizer, epochs: 2, batchSize: 32, onBatch: way.record });
 * way.points.length;   // 9
 */
export class Way {
  readonly #space: WeightSpace;
  readonly #most: number;
  #points: Float64Array[];
  #every = 1;
  #calls = 0;
  #last: Float64Array | null = null;

  /** Begins with the parameters as they are now. @throws ArgumentError, OptionError */
  constructor(model: Module<never, unknown>, options: WayOptions = {}) {
    const where = "Way";
    checkOptions(where, options, ["most"]);
    this.#most = checkNumber(where, "most", options.most ?? 500, { min: 2, integer: true });
    this.#space = new WeightSpace(where, model);
    this.#points = [this.#space.read()];
  }

  /** The model's parameters that are not frozen, in number. */
  get dimension(): number {
    return this.#space.dimension;
  }

  /** The kept points w [n], from the first to the last that was recorded. */
  get points(): readonly Float64Array[] {
    return this.#last === null ? [...this.#points] : [...this.#points, this.#last];
  }

  /** The number of calls of `record` at each of `points`; 0 for where it began. */
  get steps(): readonly number[] {
    const kept = this.#points.map((_, i) => i * this.#every);
    return this.#last === null ? kept : [...kept, this.#calls];
  }

  /** Keeps the parameters as they are now. It needs no `this`: `onBatch: way.record`. */
  readonly record = (): void => {
    const now = this.#space.read();
    this.#calls++;
    this.#last = this.#calls % this.#every === 0 ? null : now;
    if (this.#last !== null) return;
    this.#points.push(now);
    if (this.#points.length <= this.#most) return;
    this.#points = this.#points.filter((_, i) => i % 2 === 0);
    this.#every *= 2;
    if (this.#calls % this.#every !== 0) this.#last = now;
  };
}

/** A training to be done for its way. */
export interface WayRun {
  /** Makes the optimizer for the parameters of a copy of the model. */
  readonly optimizer: (parameters: Parameter[]) => Optimizer<object>;
  /** Samples in a mini-batch: 1 for single samples. Default: all, full-batch descent. */
  readonly batchSize?: number;
  /** Passes over the set. Default: 20, or as many as `steps` need. */
  readonly epochs?: number;
  /** Ends it after this many steps. Default: when the epochs end. */
  readonly steps?: number;
  /** Seed of the orders of samples. Default: 0. */
  readonly seed?: number;
}

/** The ways by their names, each a `Way` or a training to be done. */
export type Ways = Readonly<Record<string, Way | WayRun>>;

const EPOCHS = 20;

/** A way by its name. */
export interface NamedWay {
  readonly name: string;
  readonly points: readonly Float64Array[];
  readonly steps: readonly number[];
  /** Whether its training ended at a loss that was NaN or infinite. */
  readonly diverged: boolean;
}

interface Task extends LossOptions {
  readonly where: string;
  readonly space: WeightSpace;
  readonly length: number;
  readonly draw: OwnDraws;
}

/** The ways, after the trainings that have to be done: each on a copy of the model, from where the model is now. */
export async function walk(task: Task, given: unknown): Promise<NamedWay[]> {
  const { where, space } = task;
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new ArgumentError(
      `${where}: expected ways to be an object of ways by their names, got ${describe(given)}`,
    );
  }
  const entries = Object.entries(given);
  if (entries.length === 0) throw new ArgumentError(`${where}: expected at least one way, got none`);
  const plans = entries.map(([name, one]) => ({ name, plan: readWay(task, name, one) }));
  const ways: NamedWay[] = [];
  for (const { name, plan } of plans) {
    const { way, diverged } = isInstance(plan, Way) ? { way: plan, diverged: false } : await run(task, plan);
    const { points, steps } = way;
    ways.push({ name, points, steps, diverged });
  }
  for (const { name, points } of ways) {
    if ((points[0] as Float64Array).length === space.dimension) continue;
    throw new ShapeError(
      `${where}: expected ways of the model's ${space.dimension} parameters, ${describe(name)} has ${points[0]?.length}`,
    );
  }
  return ways;
}

interface Plan extends Required<Omit<WayRun, "steps">> {
  readonly steps: number;
}

function readWay({ where, length }: Task, name: string, given: unknown): Way | Plan {
  if (isInstance(given, Way)) return given;
  const own = `${where}: ways[${describe(name)}]`;
  checkRequired(own, given, ["optimizer", "batchSize", "epochs", "steps", "seed"]);
  const { optimizer, batchSize, epochs, steps, seed } = given as WayRun;
  checkFunction(own, "optimizer", optimizer);
  const whole = { min: 1, integer: true };
  const size = Math.min(length, checkNumber(own, "batchSize", batchSize ?? length, whole));
  const most = steps === undefined ? null : checkNumber(own, "steps", steps, whole);
  const usual = most === null ? EPOCHS : Math.ceil(most / Math.ceil(length / size));
  return {
    optimizer,
    batchSize: size,
    epochs: checkNumber(own, "epochs", epochs ?? usual, whole),
    steps: most ?? Number.POSITIVE_INFINITY,
    seed: checkNumber(own, "seed", seed ?? 0, { min: 0, integer: true }),
  };
}

async function run(
  { space, cost, costWeights, data, draw }: Task,
  plan: Plan,
): Promise<{ way: Way; diverged: boolean }> {
  const model = (space.model as Module<never>).clone();
  const way = new Way(model);
  let done = 0;
  const train = (): Promise<unknown> =>
    fit(model, {
      data: data as FitOptions["data"],
      cost: cost as FitOptions["cost"],
      ...(costWeights === undefined
        ? {}
        : { costWeights: costWeights as NonNullable<FitOptions["costWeights"]> }),
      optimizer: plan.optimizer(model.parameters()),
      epochs: plan.epochs,
      batchSize: plan.batchSize,
      seed: plan.seed,
      onBatch: () => {
        way.record();
        return ++done >= plan.steps ? "stop" : undefined;
      },
    });
  try {
    await draw(train);
  } catch (error) {
    if (!isInstance(error, AnomalyError)) throw error;
    return { way, diverged: true };
  }
  return { way, diverged: false };
}
